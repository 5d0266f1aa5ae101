-- name: give_memory
-- Lets the stages of this connection stay in memory, and its sorts too. Where it has temporary tables already, theirs is
-- given out.
select case when pg_my_temp_schema() = 0 then set_config('temp_buffers', '128MB', false) end,
       set_config('work_mem', '96MB', false)

-- name: create_stages
-- Makes the temporary tables of one collecting connection.
create temp table stage_events (
    list_no int, provider_event_id text collate "C", name text, start_date timestamptz, end_date timestamptz,
    time_zone text, description text, site_uri text, is_published boolean, tag text, external_id text,
    organization_id text, organization_name text, city text, state text, country text, raw text
);
create temp table stage_races (
    list_no int, race_id text collate "C", name text, tag text, type text, subtype text, distance numeric,
    distance_unit text, planned_start timestamptz, planned_end timestamptz, actual_start timestamptz,
    actual_end timestamptz, raw text
);
create temp table stage_participants (
    list_no int, entry_id text collate "C", race_id text, bib text, external_id text, status text, declared text,
    entry_type text, athlete_id text, first_name text, last_name text, gender text, age int, date_of_birth date,
    email text, phone text, city text, state text, country text, postal_code text, team_name text, division text,
    wave_name text, registration_choice text, raw text, listed_as text, listing_digest bigint
);
create temp table stage_removals (
    list_no int, entry_id text collate "C", reason text, successor_entry_id text
);
create temp table stage_finishes (
    list_no int, race_id text collate "C", entry_id text collate "C", bib text, first_name text, last_name text,
    gender text, age int, city text, state text, country text, chip_ms bigint, gun_ms bigint,
    bracket text collate "C", overall_place int, division text, begin_at timestamptz, end_at timestamptz, status text,
    declared text, raw text
);
create temp table stage_splits (
    list_no int, race_id text collate "C", entry_id text collate "C", split_key text collate "C",
    bracket text collate "C", name text, elapsed_ms bigint, place int, has_crossed boolean, end_at timestamptz
);
create temp table stage_gender_places (
    list_no int, race_id text collate "C", entry_id text collate "C", bracket text collate "C", place int
);
create temp table stage_division_places (
    list_no int, race_id text collate "C", entry_id text collate "C", bracket text collate "C", place int
);
create temp table staged_entries (
    race_id text collate "C", entry_id text collate "C", snapshot_hash bigint, is_unchanged boolean
);
create temp table merged_results (
    race_id text collate "C", entry_id text collate "C", bib_number text, first_name text, last_name text, gender text,
    age int, city text, state text, country text, chip_time interval, gun_time interval, overall_place int,
    gender_place int, division text, division_place int, split_times text, split_keys text[], begin_time timestamptz,
    finish_time timestamptz, raw_payload text, result_status text, provider_status text, status_is_derived boolean,
    own_status text, content_fingerprint bytea
);

-- name: stages
-- The temporary tables that this connection has from an earlier work, and how many bytes they take.
select c.relname, pg_relation_size(c.oid) from pg_class c
where c.relnamespace = pg_my_temp_schema() and c.relkind = 'r';

-- name: empty_stage
-- Empties a stage that holds little; to truncate it costs ten times as much.
delete from {name};

-- name: truncate_stage
-- Empties a stage.
truncate {name};

-- name: copy_events
-- Takes staged events.
copy stage_events from stdin with (format csv, null 'null', escape '\');

-- name: copy_races
-- Takes staged races.
copy stage_races from stdin with (format csv, null 'null', escape '\');

-- name: copy_participants
-- Takes staged participants.
copy stage_participants from stdin with (format csv, null 'null', escape '\');

-- name: copy_removals
-- Takes staged removals.
copy stage_removals from stdin with (format csv, null 'null', escape '\');

-- name: copy_finishes
-- Takes staged full-course rows.
copy stage_finishes from stdin with (format csv, null 'null', escape '\');

-- name: copy_splits
-- Takes staged rows of partial intervals.
copy stage_splits from stdin with (format csv, null 'null', escape '\');

-- name: copy_gender_places
-- Takes staged places within gender brackets.
copy stage_gender_places from stdin with (format csv, null 'null', escape '\');

-- name: copy_division_places
-- Takes staged places within divisions.
copy stage_division_places from stdin with (format csv, null 'null', escape '\');

-- name: repeated_rows
-- How many staged rows of each list repeat another one. A list of results counts by its times, else by its places.
with repeated as (
    select list_no, 1 as rank, count(*) - count(distinct provider_event_id) as rows from stage_events group by list_no
    union all
    select list_no, 1, count(*) - count(distinct entry_id) from stage_participants group by list_no
    union all
    select list_no, 1, count(*) - count(distinct entry_id) from stage_removals group by list_no
    union all
    select list_no, 1, sum(times - 1) from (
        select list_no, count(*) as times from stage_finishes group by list_no, race_id, entry_id, bracket) f
    group by list_no
    union all
    select list_no, 1, sum(times - 1) from (
        select list_no, count(*) as times from stage_splits group by list_no, race_id, entry_id, split_key, bracket) s
    group by list_no
    union all
    select list_no, 2, sum(times - 1) from (
        select list_no, count(*) as times from stage_gender_places group by list_no, race_id, entry_id, bracket) g
    group by list_no
    union all
    select list_no, 2, sum(times - 1) from (
        select list_no, count(*) as times from stage_division_places group by list_no, race_id, entry_id, bracket) d
    group by list_no
)
select list_no, sum(rows)::int from repeated r
where rank = (select min(rank) from repeated b where b.list_no = r.list_no)
group by list_no;
