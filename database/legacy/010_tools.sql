-- What the conversion of a legacy database works with: a schema of its own, which legacy/090_finish.sql drops again.
-- A database is legacy when one of our tables stands in it and schema/020_chronotrack.sql is not recorded; the presence
-- of a column says nothing. Anywhere else this file does nothing. docs/howto/move-from-legacy.md tells the operator.

do $do$
declare
    our_names constant text[] := array['timing_partners', 'providers', 'partner_provider_credentials', 'sync_history',
        'ct_events', 'ct_races', 'ct_participants', 'ct_results',
        'unified_events', 'unified_participants', 'unified_results'];
begin
    if exists (select from applied_migrations where name = 'schema/020_chronotrack.sql')
       or not exists (select from pg_class
                      where relnamespace = current_schema()::regnamespace and relname = any (our_names)) then
        return;
    end if;
    create schema project88_legacy;
    create table project88_legacy.our_names as select unnest(our_names) as name;
    execute $tools$

-- Readers of values that legacy tables hold as text. What cannot be read is null; the legacy column keeps it.

create function project88_legacy.time_zone() returns text language sql stable
return coalesce(nullif(current_setting('project88.legacy_time_zone', true), ''), 'UTC');

create function project88_legacy.read_integer(said text) returns integer language sql immutable
return case when said ~ '^\s*[-+]?\d{1,9}\s*$' then said::integer end;

create function project88_legacy.read_bigint(said text) returns bigint language sql immutable
return case when said ~ '^\s*[-+]?\d{1,18}\s*$' then said::bigint end;

create function project88_legacy.read_number(said text) returns numeric language sql immutable
return case when said ~ '^\s*[-+]?\d+(\.\d*)?\s*$' then said::numeric end;

create function project88_legacy.read_boolean(said text) returns boolean language sql immutable
return case when lower(trim(said)) in ('t', 'true', 'y', 'yes', '1', 'on') then true
            when lower(trim(said)) in ('f', 'false', 'n', 'no', '0', 'off') then false end;

-- H:MM:SS and MM:SS with or without a fraction, or seconds alone.
create function project88_legacy.read_interval(said text) returns interval language sql immutable
return case
    when trim(said) ~ '^\d{1,4}:\d{1,2}:\d{1,2}([.,]\d+)?$'
        then make_interval(hours => split_part(trim(said), ':', 1)::integer,
                           mins => split_part(trim(said), ':', 2)::integer,
                           secs => replace(split_part(trim(said), ':', 3), ',', '.')::double precision)
    when trim(said) ~ '^\d{1,5}:\d{1,2}([.,]\d+)?$'
        then make_interval(mins => split_part(trim(said), ':', 1)::integer,
                           secs => replace(split_part(trim(said), ':', 2), ',', '.')::double precision)
    when trim(said) ~ '^\d{1,7}([.,]\d+)?$'
        then make_interval(secs => replace(trim(said), ',', '.')::double precision)
end;

create function project88_legacy.read_instant(said text) returns timestamptz language plpgsql stable as $$
begin
    if said ~ '(Z|[-+]\d\d(:?\d\d)?)\s*$' and said ~ ':' then
        return said::timestamptz;
    end if;
    return said::timestamp at time zone project88_legacy.time_zone();
exception when data_exception then
    return null;
end $$;

create function project88_legacy.read_date(said text) returns date language plpgsql stable as $$
begin
    return said::date;
exception when data_exception then
    return null;
end $$;

create function project88_legacy.read_json(said text) returns jsonb language plpgsql stable as $$
begin
    return said::jsonb;
exception when data_exception then
    return null;
end $$;

-- What legacy words mean.

create function project88_legacy.plain_name(name text) returns text language sql immutable
return lower(regexp_replace(name, '[[:space:]_-]+', '', 'g'));

create function project88_legacy.is_overall(bracket text) returns boolean language sql immutable
return coalesce(lower(trim(bracket)) in ('', 'overall', 'open', 'all'), true);

create function project88_legacy.is_gender(bracket text) returns boolean language sql immutable
return coalesce(regexp_replace(lower(trim(bracket)), '^overall | overall$', '')
                in ('male', 'female', 'men', 'women', 'm', 'f', 'non-binary', 'nonbinary'), false);

create function project88_legacy.is_division(bracket text, primary_bracket text) returns boolean language sql immutable
return coalesce(bracket = primary_bracket, false)
       and not project88_legacy.is_overall(bracket) and not project88_legacy.is_gender(bracket);

create function project88_legacy.sync_type_of(word text) returns text language sql immutable
return case when lower(word) ~ 'backfill|histor' then 'backfill'
            when lower(word) ~ 'verif' then 'verification'
            when lower(word) ~ 'result' then 'results'
            when lower(word) ~ 'participant|registration|entrant' then 'participants'
            when lower(word) ~ 'discover|^(sync_)?events?(_sync)?$' then 'discovery'
            else 'other' end;

create function project88_legacy.status_of(word text) returns text language sql immutable
return case when lower(word) in ('success', 'succeeded', 'successful', 'completed', 'complete', 'done', 'ok')
                then 'completed'
            when lower(word) in ('failed', 'failure', 'fail', 'error', 'errors') then 'failed'
            when lower(word) in ('partial', 'partial_success', 'partially_completed') then 'partial'
            when lower(word) in ('running', 'in_progress', 'processing', 'started') then 'running'
            when lower(word) in ('skipped', 'skip') then 'skipped' end;

-- Where the tables stand and which columns they have.

-- The table of that name: the legacy one while it is set aside, else the one in our schema.
create function project88_legacy.table_of(name text) returns regclass language sql stable
return coalesce(to_regclass('project88_legacy.' || name), to_regclass(quote_ident(current_schema()) || '.' || name));

create function project88_legacy.column_type(name text, column_name text) returns text language sql stable
return (select format_type(atttypid, atttypmod) from pg_attribute
        where attrelid = project88_legacy.table_of(name) and attname = column_name
          and attnum > 0 and not attisdropped);

-- A column as an expression, or null where the table lacks it.
create function project88_legacy.column_or_null(name text, column_name text, as_type text) returns text
language sql stable
return case when project88_legacy.column_type(name, column_name) is null then 'null::' || as_type
            else quote_ident(column_name) end;

$tools$;
end $do$;

insert into applied_migrations (name) values ('legacy/010_tools.sql') on conflict do nothing;
