-- When two events may be one: their names and starts compared. Reads no table.

-- Letters apart from their accents, where the database's encoding knows how; there compatible forms become one, too.
create or replace function decomposed(words text) returns text
language plpgsql immutable parallel safe as $$
begin
    if getdatabaseencoding() = 'UTF8' then
        return normalize(words, NFKD);
    end if;
    return words;
end $$;

-- Small letters. A server without a language knows only those of ASCII: then the Greek, the Cyrillic and the letters of
-- Latin that are none with an accent are told here.
create or replace function small_letters(words text) returns text
language plpgsql immutable parallel safe as $$
begin
    words := lower(decomposed(words));
    if getdatabaseencoding() <> 'UTF8' or words is null or octet_length(words) = length(words) then
        return words;
    end if;
    return translate(
        words,
        (select string_agg(chr(upper), '' order by upper) from letters_by_case()),
        (select string_agg(chr(small), '' order by upper) from letters_by_case()));
end $$;

create or replace function letters_by_case() returns table (upper integer, small integer)
language sql immutable parallel safe
begin atomic
    select n, n + 32 from generate_series(913, 939) n where n <> 930
    union all
    select n, n + 32 from generate_series(1040, 1071) n
    union all
    select n, n + 80 from generate_series(1024, 1039) n
    union all
    select n, n + 32 from unnest(array[198, 208, 216, 222]) n
    union all
    select n, n + 1 from unnest(array[272, 294, 321, 330, 338, 358]) n
    union all
    select 962, 963;
end;

-- Names with the same are the same name: case and spacing do not count. Null for a name that says nothing.
create or replace function normalised_event_name(event_name text) returns text
language sql immutable parallel safe
return nullif(regexp_replace(small_letters(event_name), '\s+', '', 'g'), '');

-- What of a name tells events apart that are held again and again: no accents, no punctuation, no year. The numbers are
-- those of letters with a stroke, which are written without it as often.
create or replace function event_name_core(event_name text) returns text
language plpgsql immutable parallel safe as $$
declare
    core text := small_letters(event_name);
begin
    if getdatabaseencoding() = 'UTF8' and octet_length(core) > length(core) then
        core := regexp_replace(core, '[\u0300-\u036F]', '', 'g');
        core := translate(core, chr(248) || chr(240) || chr(273) || chr(295) || chr(305) || chr(322) || chr(359), 'oddhilt');
        core := replace(replace(replace(core, chr(223), 'ss'), chr(230), 'ae'), chr(339), 'oe');
        core := regexp_replace(core, '[^a-z0-9\u00C0-\u1FFF\u2C00-\u2DFF\u3040-\U0010FFFF]+', ' ', 'g');
    else
        core := regexp_replace(core, '[^[:alnum:]]+', ' ', 'g');
    end if;
    return trim(regexp_replace(regexp_replace(core, '(?<![0-9])(19|20)[0-9]{2}(?![0-9])', ' ', 'g'), ' +', ' ', 'g'));
end $$;

-- Every three letters in a row of each word, its edges too.
create or replace function trigrams(words text) returns text[]
language sql immutable parallel safe
return (select array_agg(distinct substr('  ' || word || ' ', place, 3))
        from regexp_split_to_table(words, ' ') word, generate_series(1, length(word) + 1) place);

-- Which part of the trigrams of both they share: 1 for the same words in any order.
create or replace function name_similarity(name_a text, name_b text) returns double precision
language sql immutable parallel safe
return (
    with shared as (select count(*) as n from unnest(trigrams(name_a)) t where t = any (trigrams(name_b)))
    select n / nullif(cardinality(trigrams(name_a)) + cardinality(trigrams(name_b)) - n, 0)::double precision
    from shared);

-- Why two events may be one, null where they are not: starts a day apart, or names that have little in common. Fails
-- closed: what is not known speaks for a duplicate. Only same_name is certain. A spelling is similar from 0.7 on:
-- Harbor and Harbour City Marathon have 0.79, Spring 5K and 10K Run 0.61.
create or replace function event_likeness(
    name_a text, start_a timestamptz, name_b text, start_b timestamptz
) returns text
language sql immutable parallel safe
return case
    when abs(extract(epoch from start_a - start_b)) >= 86400 then null
    when normalised_event_name(name_a) is null or normalised_event_name(name_b) is null then 'no_name'
    when normalised_event_name(name_a) = normalised_event_name(name_b)
        then case when start_a is null or start_b is null then 'no_date' else 'same_name' end
    when replace(event_name_core(name_a), ' ', '') = replace(event_name_core(name_b), ' ', '')
        or name_similarity(event_name_core(name_a), event_name_core(name_b)) >= 0.7
        then case when start_a is null or start_b is null then 'no_date' else 'similar_name' end
end;

insert into applied_migrations (name) values ('schema/015_event_names.sql') on conflict do nothing;
