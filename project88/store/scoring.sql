-- name: scored_events
-- Events whose computers were connected lately, those of which something has changed, and one that is named; each with
-- stamps that change with its start list, with what is decided, and with all else but its reads that scoring rests on.
select e.timing_partner_id, e.event_id, hub_now() as hub_now,
       (select s.scoring_id from timing.scorings s
        where (s.timing_partner_id, s.event_id) = (e.timing_partner_id, e.event_id)) as scoring_id,
       (select count(*)::text || ' ' || coalesce(max(c.updated_at)::text, '') from timing.courses c
        where (c.timing_partner_id, c.event_id) = (e.timing_partner_id, e.event_id))
       || ' ' || (select string_agg(s.timing_session_id::text, ',' order by s.timing_session_id)
        from timing.timing_sessions s
        where (s.timing_partner_id, s.event_id) = (e.timing_partner_id, e.event_id))
       || ' ' || coalesce((select s.anew_count::text from timing.scorings s
        where (s.timing_partner_id, s.event_id) = (e.timing_partner_id, e.event_id)), '') as stamp,
       (select count(*)::text || ' ' || count(d.undone_at)::text from timing.decisions d
        where (d.timing_partner_id, d.event_id) = (e.timing_partner_id, e.event_id))
       || ' ' || coalesce((select s.scoring_id::text from timing.scorings s
        where (s.timing_partner_id, s.event_id) = (e.timing_partner_id, e.event_id)), '') as decided,
       (select count(*)::text || ' ' || coalesce(max(c.updated_at)::text, '') from ct_participants c
        where (c.timing_partner_id, c.event_id) = (e.timing_partner_id, e.event_id)) as start_list
from ct_events e
where (e.timing_partner_id, e.event_id) in (
        select timing_partner_id, event_id from timing.timing_sessions
        where event_id is not null and last_connected_at > now() - interval '7 days'
        union
        select timing_partner_id, event_id from timing.scorings where is_stale
        union
        select %(timing_partner_id)s::integer, %(event_id)s::text)
  and (%(event_id)s::text is null or e.event_id = %(event_id)s)
  and (%(timing_partner_id)s::integer is null or e.timing_partner_id = %(timing_partner_id)s)
order by 1, 2;

-- name: begin_scoring
-- A row for the scoring of an event.
insert into timing.scorings (timing_partner_id, event_id) values (%(timing_partner_id)s, %(event_id)s)
on conflict (timing_partner_id, event_id) do nothing;

-- name: take_event
-- One program scores an event.
select pg_try_advisory_lock(hashtextextended('score ' || %(timing_partner_id)s::text || ' ' || %(event_id)s, 88));

-- name: leave_event
-- Lets another program score it.
select pg_advisory_unlock(hashtextextended('score ' || %(timing_partner_id)s::text || ' ' || %(event_id)s, 88));

-- name: courses
-- The courses of an event.
select race_id, course from timing.courses
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s order by race_id;

-- name: entries
-- Who runs with which bib. Of a bib that several sources list, our own start list counts; two entries of one source stay
-- two, because nobody knows which of them ran. Other sources have names of their own for the races. person: what a
-- result takes over besides, as one number.
with races as materialized (
    select s.data_source, m.race_id, m.own_race_id
    from (select distinct data_source from ct_participants
          where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and retracted_at is null
            and data_source <> 'tcp_hardware') s
    cross join lateral race_map(
        %(timing_partner_id)s::int, %(event_id)s::text, 'tcp_hardware',
        source_races(%(timing_partner_id)s::int, %(event_id)s::text, 'tcp_hardware'), s.data_source,
        source_races(%(timing_partner_id)s::int, %(event_id)s::text, s.data_source)) m
),
entries as (
    select c.entry_id, coalesce(m.own_race_id, c.race_id) as race_id, c.bib_number, c.gender, c.division, c.wave_name,
           c.declared_status, c.data_source,
           hash_record_extended((c.first_name, c.last_name, c.age, c.city, c.state, c.country), 0) as person
    from ct_participants c
    left join races m on (m.data_source, m.race_id) = (c.data_source, coalesce(c.race_id, ''))
    where c.timing_partner_id = %(timing_partner_id)s and c.event_id = %(event_id)s and c.retracted_at is null
      and c.bib_number is not null
)
select entry_id, race_id, bib_number, gender, division, wave_name, declared_status, data_source, person
from (
    select *, rank() over (partition by race_id, bib_number order by data_source <> 'tcp_hardware', data_source) as choice
    from entries where race_id <> ''
) e
where choice = 1
order by race_id, bib_number, entry_id;

-- name: decisions
-- What people decided and nobody undid, the newest last.
select decision_id, bib_number, timing_read_id, kind, adjustment from timing.decisions
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and undone_at is null
order by decision_id;

-- name: reads
-- Reads of an event behind a number, in the order in which they were stored.
select r.timing_read_id, r.kind, r.location, r.sequence_number, r.reader_id, coalesce(r.tag_code, ''),
       (extract(epoch from r.read_time) * 1000)::bigint
from timing.timing_reads r
join timing.timing_sessions s using (timing_partner_id, timing_session_id)
where r.timing_partner_id = %(timing_partner_id)s and r.timing_read_id > %(after)s and r.timing_read_id <= %(up_to)s
  and s.event_id = %(event_id)s
order by r.timing_read_id;

-- name: newest_read
-- The newest read of a partner.
select coalesce(max(timing_read_id), 0) from timing.timing_reads where timing_partner_id = %(timing_partner_id)s;

-- name: create_stages
-- Where scores, places and judgements stand before they are stored.
create temporary table if not exists stage_scores (
    entry_id text, race_id text, entry_source text, chip_time interval, gun_time interval, overall_place integer,
    gender_place integer, division_place integer, result_status text, status_is_derived boolean, split_times jsonb,
    split_keys text[], begin_time timestamptz, finish_time timestamptz);
create temporary table if not exists stage_places (
    entry_id text, race_id text, overall_place integer, gender_place integer, division_place integer);
create temporary table if not exists stage_judgements (timing_read_id bigint, status text, point text);

-- name: empty_stages
-- Forgets what the last transaction staged.
truncate stage_scores, stage_places, stage_judgements;

-- name: copy_scores
-- Takes scores.
copy stage_scores from stdin;

-- name: copy_places
-- Takes places.
copy stage_places from stdin;

-- name: copy_judgements
-- Takes judgements.
copy stage_judgements from stdin;

-- name: write_scores
-- Results that are new, changed or back; counts them.
with person as (
    select s.*, p.bib_number, p.first_name, p.last_name, p.gender, p.age, p.city, p.state, p.country, p.division
    from stage_scores s
    -- Row by row: looking for the few runners of a step in the whole start list takes longer than writing them.
    left join lateral (
        select * from ct_participants c
        where c.timing_partner_id = %(timing_partner_id)s and c.event_id = %(event_id)s
          and c.data_source = s.entry_source and c.entry_id = s.entry_id
        limit 1) p on true
),
written as (
    insert into ct_results as known (
        timing_partner_id, event_id, data_source, race_id, entry_id, bib_number, first_name, last_name, gender, age,
        city, state, country, chip_time, gun_time, overall_place, gender_place, division, division_place,
        result_status, status_is_derived, split_times, split_keys, begin_time, finish_time)
    select %(timing_partner_id)s, %(event_id)s, 'tcp_hardware', race_id, entry_id, bib_number, first_name, last_name,
        gender, age, city, state, country, chip_time, gun_time, overall_place, gender_place, division, division_place,
        result_status, status_is_derived, split_times, split_keys, begin_time, finish_time
    from person
    on conflict (timing_partner_id, event_id, data_source, race_id, entry_id, legacy_row_id) do update set
        bib_number = excluded.bib_number, first_name = excluded.first_name, last_name = excluded.last_name,
        gender = excluded.gender, age = excluded.age, city = excluded.city, state = excluded.state,
        country = excluded.country, chip_time = excluded.chip_time, gun_time = excluded.gun_time,
        overall_place = excluded.overall_place, gender_place = excluded.gender_place, division = excluded.division,
        division_place = excluded.division_place, result_status = excluded.result_status,
        status_is_derived = excluded.status_is_derived, split_times = excluded.split_times,
        split_keys = excluded.split_keys, begin_time = excluded.begin_time, finish_time = excluded.finish_time,
        retracted_at = null, updated_at = now()
    where known.retracted_at is not null or (
        known.bib_number, known.first_name, known.last_name, known.gender, known.age, known.city, known.state,
        known.country, known.chip_time, known.gun_time, known.overall_place, known.gender_place, known.division,
        known.division_place, known.result_status, known.status_is_derived, known.split_times, known.split_keys,
        known.begin_time, known.finish_time) is distinct from (
        excluded.bib_number, excluded.first_name, excluded.last_name, excluded.gender, excluded.age, excluded.city,
        excluded.state, excluded.country, excluded.chip_time, excluded.gun_time, excluded.overall_place,
        excluded.gender_place, excluded.division, excluded.division_place, excluded.result_status,
        excluded.status_is_derived, excluded.split_times, excluded.split_keys, excluded.begin_time,
        excluded.finish_time)
    returning 1
)
select count(*) from written;

-- name: retract_scores
-- Hides results that no longer follow from the reads.
with gone as (
    update ct_results r set retracted_at = now(), updated_at = now()
    where r.timing_partner_id = %(timing_partner_id)s and r.event_id = %(event_id)s and r.data_source = 'tcp_hardware'
      and r.legacy_row_id is null and r.retracted_at is null
      and r.entry_id = any (%(entry_ids)s::text[])
    returning 1
)
select count(*) from gone;

-- name: retract_others
-- Hides every result that was not staged.
with gone as (
    update ct_results r set retracted_at = now(), updated_at = now()
    where r.timing_partner_id = %(timing_partner_id)s and r.event_id = %(event_id)s and r.data_source = 'tcp_hardware'
      and r.legacy_row_id is null and r.retracted_at is null
      and not exists (select from stage_scores s where s.race_id = r.race_id and s.entry_id = r.entry_id)
    returning 1
)
select count(*) from gone;

-- name: plan_for_sets
-- The planner knows nothing of the stages and takes them for small.
select set_config('enable_nestloop', 'off', true);

-- name: write_places
-- Places that moved because of others; counts them.
with moved as (
    update ct_results r set
        overall_place = p.overall_place, gender_place = p.gender_place, division_place = p.division_place,
        updated_at = now()
    from stage_places p
    where r.timing_partner_id = %(timing_partner_id)s and r.event_id = %(event_id)s and r.data_source = 'tcp_hardware'
      and (r.race_id, r.entry_id) = (p.race_id, p.entry_id) and r.legacy_row_id is null
      -- The same again, so that the index finds them one by one: a portion is few of an event's results.
      and r.race_id = any (array(select race_id from stage_places))
      and r.entry_id = any (array(select entry_id from stage_places))
    returning 1
)
select count(*) from moved;

-- name: write_judgements
-- What became of each read, where it is new or another.
insert into timing.read_statuses as known (timing_partner_id, timing_read_id, event_id, status, point)
select %(timing_partner_id)s, timing_read_id, %(event_id)s, status, point from stage_judgements
on conflict (timing_partner_id, timing_read_id) do update set
    event_id = excluded.event_id, status = excluded.status, point = excluded.point
where (known.event_id, known.status, known.point) is distinct from (excluded.event_id, excluded.status, excluded.point);

-- name: note_scored
-- Up to which read the event is scored, and why not.
update timing.scorings set timing_read_id = %(timing_read_id)s, scored_at = now(), problem = %(problem)s,
    -- What was said to be stale meanwhile stays so.
    is_stale = case when scoring_id = %(scoring_id)s::bigint then false else is_stale end
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s;

-- name: note_change
-- Remembers when the results last changed; they are provisional again.
update ct_events set results_changed_at = hub_now(), settled_at = null
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s;

-- name: open_again
-- Results that have settled are provisional again, and so are those of a first scoring.
update ct_events set results_changed_at = hub_now(), settled_at = null
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s
  and (settled_at is not null or results_changed_at is null);

-- name: set_course
-- Stores a course in place of an earlier one, and the race that it is of.
with race as (
    insert into ct_races as known (
        timing_partner_id, event_id, data_source, race_id, race_name, race_course_distance, race_pref_distance_unit)
    values (%(timing_partner_id)s, %(event_id)s, 'tcp_hardware', %(race_id)s, %(race_name)s, %(distance_m)s,
            case when %(distance_m)s::numeric is not null then 'meters' end)
    on conflict (timing_partner_id, event_id, data_source, race_id) do update set
        race_name = excluded.race_name, race_course_distance = excluded.race_course_distance,
        race_pref_distance_unit = excluded.race_pref_distance_unit, retracted_at = null, updated_at = now()
)
insert into timing.courses as known (timing_partner_id, event_id, race_id, course)
values (%(timing_partner_id)s, %(event_id)s, %(race_id)s, %(course)s)
on conflict (timing_partner_id, event_id, race_id) do update set course = excluded.course, updated_at = clock_timestamp()
where known.course is distinct from excluded.course;

-- name: lock_new_event
-- Whoever sends the same form twice makes one event.
select lock_events(%(timing_partner_id)s);

-- name: same_event
-- A hardware event of this name that starts at this instant.
select event_id from ct_events
where timing_partner_id = %(timing_partner_id)s and data_source = 'tcp_hardware' and retracted_at is null
  and start_date = %(start_date)s and normalised_event_name(event_name) = normalised_event_name(%(event_name)s)
order by event_id
limit 1;

-- name: add_event
-- A hardware event that an operator makes; gives its id.
insert into ct_events (timing_partner_id, data_source, event_name, start_date, time_zone)
values (%(timing_partner_id)s, 'tcp_hardware', %(event_name)s, %(start_date)s, %(time_zone)s)
returning event_id;

-- name: reads_of_event
-- The reads of an event with what became of them; of one bib, or with one status.
select r.timing_read_id, r.kind, r.tag_code, r.location, r.sequence_number, r.read_time, r.zone_is_assumed,
       r.day_is_assumed, st.status, st.point, r.reader_id, r.source, r.raw_line, r.received_at
from timing.timing_reads r
join timing.timing_sessions s using (timing_partner_id, timing_session_id)
left join timing.read_statuses st using (timing_partner_id, timing_read_id)
where r.timing_partner_id = %(timing_partner_id)s and s.event_id = %(event_id)s
  and (%(bib_number)s::text is null or r.tag_code = %(bib_number)s)
  and (%(status)s::text is null or st.status = %(status)s)
order by r.read_time, r.location, r.sequence_number
limit %(most)s;

-- name: score_again
-- Lets an event that is scored be scored again: from its first read on, or by what was decided.
insert into timing.scorings (timing_partner_id, event_id, is_stale)
select e.timing_partner_id, e.event_id, true from ct_events e
where e.timing_partner_id = %(timing_partner_id)s and e.event_id = %(event_id)s
  and (e.data_source = 'tcp_hardware'
       or exists (select from timing.courses c
                  where (c.timing_partner_id, c.event_id) = (e.timing_partner_id, e.event_id)))
on conflict (timing_partner_id, event_id) do update set
    scoring_id = default, is_stale = true, anew_count = scorings.anew_count + %(is_anew)s::int;

-- name: problem
-- Why an event is not scored.
select problem from timing.scorings where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s;
