-- name: create_tables
-- Makes the tables of the plain COPY and of the reference script: one row per API row.
create table plain_rows (
    results_entry_id text, results_bib text, results_first_name text, results_last_name text, results_sex text,
    results_age text, results_race_id text, results_race_name text, results_event_name text, results_interval_id text,
    results_interval_name text, results_interval_full text, results_rank text, results_bracket_name text,
    results_primary_bracket_name text, results_time text, results_gun_time text, results_pace text,
    results_pace_unit text, results_begin_chip_time text, results_end_chip_time text, results_hometown text,
    results_state_code text, results_country_code text, result_generation_gen_time text,
    result_generation_status text,
    primary key (results_entry_id, results_interval_id)
);
create index on plain_rows (results_race_id, results_bib);
create index on plain_rows (results_race_id, results_interval_id, results_rank);
create table script_rows (
    event_id bigint, race_id bigint, interval_id bigint, entry_id bigint, bib text, first_name text, last_name text,
    sex text, age int4, race_name text, event_name text, interval_name text, is_full boolean, place int4,
    bracket_name text, primary_bracket_name text, chip_ms int4, gun_ms int4, pace_s int4, pace_unit text,
    begin_at timestamptz, end_at timestamptz, hometown text, state_code text, country_code text,
    generated_at timestamptz, generation_status text,
    primary key (event_id, race_id, interval_id, entry_id)
);
create index on script_rows (event_id, race_id, bib);
create index on script_rows (event_id, race_id, interval_id, place);

-- name: copy_plain
-- Takes the rows of the plain COPY.
copy plain_rows from stdin;

-- name: create_stage
-- Makes the script's staging table.
create temp table stage (like script_rows) on commit delete rows;

-- name: copy_stage
-- Takes a batch of the script.
copy stage from stdin (format binary);

-- name: merge_stage
-- Writes the staged rows that are new or differ; the sub-select reads only the batch's races and intervals.
with changed as (
    select s.* from stage s
    left join (
        select * from script_rows
        where event_id = %(event_id)s and race_id = any (%(race_ids)s::bigint[])
          and interval_id = any (%(interval_ids)s::bigint[])
    ) r using (event_id, race_id, interval_id, entry_id)
    where r.entry_id is null
       or (r.bib, r.first_name, r.last_name, r.sex, r.age, r.race_name, r.event_name, r.interval_name, r.is_full,
           r.place, r.bracket_name, r.primary_bracket_name, r.chip_ms, r.gun_ms, r.pace_s, r.pace_unit, r.begin_at,
           r.end_at, r.hometown, r.state_code, r.country_code, r.generated_at, r.generation_status)
          is distinct from
          (s.bib, s.first_name, s.last_name, s.sex, s.age, s.race_name, s.event_name, s.interval_name, s.is_full,
           s.place, s.bracket_name, s.primary_bracket_name, s.chip_ms, s.gun_ms, s.pace_s, s.pace_unit, s.begin_at,
           s.end_at, s.hometown, s.state_code, s.country_code, s.generated_at, s.generation_status)
)
insert into script_rows select * from changed
on conflict (event_id, race_id, interval_id, entry_id) do update set
    bib = excluded.bib, first_name = excluded.first_name, last_name = excluded.last_name, sex = excluded.sex,
    age = excluded.age, race_name = excluded.race_name, event_name = excluded.event_name,
    interval_name = excluded.interval_name, is_full = excluded.is_full, place = excluded.place,
    bracket_name = excluded.bracket_name, primary_bracket_name = excluded.primary_bracket_name,
    chip_ms = excluded.chip_ms, gun_ms = excluded.gun_ms, pace_s = excluded.pace_s, pace_unit = excluded.pace_unit,
    begin_at = excluded.begin_at, end_at = excluded.end_at, hometown = excluded.hometown,
    state_code = excluded.state_code, country_code = excluded.country_code, generated_at = excluded.generated_at,
    generation_status = excluded.generation_status;

-- name: state
-- Where the write-ahead log stands, and the first transaction number not given out yet.
select pg_current_wal_insert_lsn() - '0/0'::pg_lsn as wal_bytes,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next_transaction;

-- name: hub_rows_since
-- Rows of the hub's data tables that a transaction from %(first)s on has written.
select (select count(*) from ct_events where xmin::text::bigint >= %(first)s)
     + (select count(*) from ct_races where xmin::text::bigint >= %(first)s)
     + (select count(*) from ct_participants where xmin::text::bigint >= %(first)s)
     + (select count(*) from ct_results where xmin::text::bigint >= %(first)s);

-- name: script_rows_since
-- Rows of the script's table that a transaction from %(first)s on has written.
select count(*) from script_rows where xmin::text::bigint >= %(first)s;

-- name: plain_rows_since
-- Rows of the plain COPY's table that a transaction from %(first)s on has written.
select count(*) from plain_rows where xmin::text::bigint >= %(first)s;

-- name: tidy
-- What autovacuum does a moment after a load.
vacuum (analyze);

-- name: checkpoint
-- Begins every measurement with the pages on disk.
checkpoint;

-- name: drop_database
-- Gives the space of a database back, also while a program that was killed still seems to be connected.
drop database {name} with (force);

-- name: version
-- The server's version.
show server_version;

-- name: create_statement_times
-- Makes the server's own account of its statements readable.
create extension if not exists pg_stat_statements;

-- name: forget_statement_times
-- Begins the account of the statements anew.
select pg_stat_statements_reset();

-- name: statement_times
-- Where the server spent its time, longest first.
select calls, total_exec_time as milliseconds, rows, wal_bytes::bigint as wal_bytes,
       regexp_replace(left(query, 400), '\s+', ' ', 'g') as query
from pg_stat_statements
where dbid = (select oid from pg_database where datname = current_database())
order by total_exec_time desc limit 20;

-- name: highest_minutes
-- The most calls in 60 s that the hub itself proves, by partner.
select p.company_name, w.highest_calls
from call_windows w join timing_partners p using (timing_partner_id);

-- name: count_legacy_results
-- Rows of results of a legacy database.
select count(*) from ct_results;

-- name: copy_legacy
-- Every row of the big tables of a legacy database once more.
create table copied_events as select * from ct_events;
create table copied_races as select * from ct_races;
create table copied_participants as select * from ct_participants;
create table copied_results as select * from ct_results;

-- name: drop_legacy_copies
-- The copies away.
drop table copied_events, copied_races, copied_participants, copied_results;

-- name: make_discovery_due
-- Asks for the list of events at once.
update schedule_plan set next_due = hub_now(), planned_due = hub_now(), state = 'waiting', failures = 0
where kind = 'discovery' and state in ('waiting', 'queued') returning pg_notify('project88_plan', '');

-- name: drop_a_key
-- The fault that lets a result be stored twice.
alter table ct_events drop constraint event_is_known_once_per_source;

-- name: make_the_key_again
-- What the self-check says to run.
create unique index on ct_events (timing_partner_id, data_source, provider_event_id);

-- name: timing_sessions
-- The sessions of timing computers.
select timing_session_id from timing.timing_sessions order by timing_session_id;

-- name: timing_totals
-- Reads that are stored, and how many different ones.
select count(*)::int as stored,
       count(distinct (timing_session_id, location, sequence_number))::int as different
from timing.timing_reads;

-- name: timing_progress
-- Reads that are stored, the highest numbers that came, and who has finished.
select (select count(*)::int from timing.timing_reads) as stored,
       (select coalesce(sum(last_sequence), 0)::int from timing.timing_locations) as lines,
       (select count(*)::int from unified_results
        where event_id = %(event_id)s and result_status = 'finished') as finished;

-- name: hardware_results
-- Chip times and places, and how many have a time within a second of it.
select participant_id, (extract(epoch from chip_time) * 1000)::bigint as chip_ms, overall_place,
       count(*) over (partition by race_id order by chip_time
                      range between interval '1 second' preceding and interval '1 second' following) as near
from unified_results
where event_id = %(event_id)s and result_status = 'finished';

-- name: newest_number
-- The number of the read that was stored last.
select sequence_number from timing.timing_reads where timing_partner_id = 1 order by timing_read_id desc limit 1;

-- name: plain_lines
-- A table without keys.
create temporary table plain_lines (line text);

-- name: copy_lines
-- Takes lines.
copy plain_lines from stdin;

-- name: copy_to_hardware_event
-- The event once more, as one of the hardware.
insert into ct_events (timing_partner_id, event_id, data_source, event_name, start_date, time_zone)
select timing_partner_id, 'hardware', 'tcp_hardware', event_name, start_date, time_zone from ct_events;

-- name: register_entries
-- As if a registration service had said who runs.
update ct_participants set data_source = 'runsignup';

-- name: copy_to_hardware_entries
-- A start list of everybody who has a result.
insert into ct_participants (
    timing_partner_id, event_id, data_source, entry_id, race_id, bib_number, first_name, last_name, gender, age)
select timing_partner_id, 'hardware', 'tcp_hardware', 'h' || entry_id, race_id, bib_number, first_name, last_name, gender, age
from ct_results;

-- name: copy_to_hardware_results
-- The results a second faster.
insert into ct_results (
    timing_partner_id, event_id, data_source, race_id, entry_id, bib_number, first_name, last_name, gender, age, chip_time,
    gun_time, overall_place, result_status, split_times, split_keys, begin_time, finish_time)
select timing_partner_id, 'hardware', 'tcp_hardware', race_id, 'h' || entry_id, bib_number, first_name, last_name, gender,
       age, chip_time - interval '1 s', gun_time - interval '1 s', overall_place, result_status, split_times, split_keys,
       begin_time, finish_time
from ct_results;

-- name: forget_live_results
-- As before the first load.
delete from ct_results where data_source = 'chronotrack_live';

-- name: forget_live_entries
-- As before the first load.
delete from ct_participants where data_source = 'chronotrack_live';

-- name: forget_live_lists
-- As before the first load.
delete from collected_lists;

-- name: without_triggers
-- Rows by the million are written as a restore writes them.
set session_replication_role = 'replica';

-- name: make_partners
-- Timing partners.
insert into timing_partners (company_name) select 'Partner ' || n from generate_series(1, %(partners)s::int) n;

-- name: make_many_events
-- Events, spread over the partners. The first ones are joined.
insert into ct_events (
    timing_partner_id, event_id, data_source, event_name, start_date, time_zone, is_joined)
select 1 + n %% %(partners)s::int, 'e' || n, 'tcp_hardware', 'Event ' || n,
       timestamptz '2020-01-01 08:00Z' + n * interval '4 hours', 'America/New_York', n <= %(joined)s::int
from generate_series(1, %(events)s::int) n;

-- name: make_many_results
-- Results of the events from one number to another, so many each, with a place, a bib and a name.
insert into ct_results (
    timing_partner_id, event_id, data_source, race_id, entry_id, bib_number, first_name, last_name, gender, age,
    chip_time, gun_time, overall_place, gender_place, division, division_place, result_status, split_times, split_keys,
    begin_time, finish_time, content_fingerprint)
select 1 + n %% %(partners)s::int, 'e' || n, 'tcp_hardware', 'm', r::text, (1000 + r)::text, 'First' || r %% 997,
       'Last' || r %% 4999, case when r %% 2 = 0 then 'F' else 'M' end, 18 + r %% 60,
       make_interval(secs => 7200 + r), make_interval(secs => 7260 + r), r, (r + 1) / 2, 'M40-44', 1 + r / 20, 'finished',
       '[{"name": "Half", "elapsed_ms": 3600000, "cumulative_ms": 3600000, "at": null, "rank": null}]', '{Half}',
       timestamptz '2020-01-01 08:00Z' + n * interval '4 hours',
       timestamptz '2020-01-01 10:00Z' + n * interval '4 hours' + r * interval '1 s',
       sha256(convert_to(n::text || r::text, 'UTF8'))
from generate_series(%(first)s::int, %(last)s::int) n, generate_series(1, %(each)s::int) r;

-- name: make_many_joins
-- The rows of the joined events that their results stand for.
insert into joined_results (
    timing_partner_id, event_id, race_id, participant_id, race_name, data_source, bib_number, first_name, last_name,
    gender, age, chip_time, gun_time, overall_place, gender_place, division, division_place, result_status, begin_time,
    finish_time, source_race_id, source_entry_id)
select r.timing_partner_id, r.event_id, r.race_id, r.entry_id, 'Marathon', r.data_source, r.bib_number, r.first_name,
       r.last_name, r.gender, r.age, r.chip_time, r.gun_time, r.overall_place, r.gender_place, r.division,
       r.division_place, r.result_status, r.begin_time, r.finish_time, r.race_id, r.entry_id
from ct_results r join ct_events e using (timing_partner_id, event_id) where e.is_joined;

-- name: analyse
-- What autovacuum does after such a restore.
vacuum (analyze) ct_results, joined_results, ct_events;

-- name: first_page
-- The first 50 of an event, by place.
select * from unified_results
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and race_id = 'm'
order by overall_place limit 50;

-- name: one_bib
-- Whoever has a bib.
select * from unified_results
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and bib_number = %(bib_number)s;

-- name: size_of_results
-- How many rows of results there are and how large their table is with its indexes.
select (select count(*) from ct_results) as results, pg_size_pretty(pg_total_relation_size('ct_results')) as size;

-- name: open_event
-- The race was run a moment ago, so its results are provisional.
update ct_events set start_date = now() - interval '3 hours', results_changed_at = now(), settled_at = null;

-- name: settle_event
-- Nothing has changed for days.
update ct_events set start_date = now() - interval '5 days', results_changed_at = now() - interval '3 days',
    settled_at = now() - interval '2 days';

-- name: correct_a_result
-- One runner's time by the gun is corrected, as a later poll would.
update ct_results set gun_time = gun_time + interval '1 second', updated_at = clock_timestamp()
where (timing_partner_id, event_id, overall_place) = (%(timing_partner_id)s::int, %(event_id)s::text, %(place)s::int)
