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

-- Names with the same are the same name: case and spacing do not count. Null for a name that says nothing.
create or replace function normalised_event_name(event_name text) returns text
language sql immutable parallel safe
return nullif(regexp_replace(lower(decomposed(event_name)), '\s+', '', 'g'), '');

-- What of a name tells events apart that are held again and again: no accents, no punctuation, no year.
create or replace function event_name_core(event_name text) returns text
language plpgsql immutable parallel safe as $$
declare
    core text := lower(decomposed(event_name));
begin
    if getdatabaseencoding() = 'UTF8' then
        core := regexp_replace(core, '[\u0300-\u036F]', '', 'g');
    end if;
    core := regexp_replace(core, '[^[:alnum:]]+', ' ', 'g');
    return trim(regexp_replace(regexp_replace(core, '\m(19|20)\d\d\M', '', 'g'), ' +', ' ', 'g'));
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
    when event_name_core(name_a) = event_name_core(name_b)
        or name_similarity(event_name_core(name_a), event_name_core(name_b)) >= 0.7
        then case when start_a is null or start_b is null then 'no_date' else 'similar_name' end
end;

insert into applied_migrations (name) values ('schema/015_event_names.sql') on conflict do nothing;
