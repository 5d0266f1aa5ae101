-- name: lock_event
-- One merge of an event at a time.
select pg_advisory_xact_lock(hashtextextended('merge ' || %(timing_partner_id)s::text || ' ' || %(event_id)s, 88));

-- name: because
-- Why this transaction changes rows.
select set_config('project88.cause', %(cause)s, true), set_config('project88.changed_at', '', true);

-- name: plan_for_sets
-- The planner knows nothing of rows that this transaction wrote and takes them for few: it would nest loops over all
-- pairs, or merge on the event alone. Hashing is right for every size.
select set_config('enable_nestloop', 'off', true), set_config('enable_mergejoin', 'off', true);

-- name: hash_staged
-- One hash per entry over all its staged rows, and whether a complete snapshot brought the same ones before.
insert into staged_entries
select s.race_id, s.entry_id, s.snapshot_hash,
       coalesce(%(is_whole)s and o.snapshot_hash = s.snapshot_hash and o.retracted_at is null, false)
from (
    select race_id, entry_id, bit_xor(row_hash) # hashint8extended(count(*), 88) as snapshot_hash
    from (
        select race_id, entry_id,
               hash_record_extended((split_key, name, elapsed_ms, place, has_crossed, end_at), 1) as row_hash
        from stage_splits
        union all
        select race_id, entry_id, hash_record_extended((
            bib, first_name, last_name, gender, age, city, state, country, chip_ms, gun_ms, bracket, overall_place,
            division, begin_at, end_at), 2)
        from stage_finishes
        union all
        -- By itself, so that hashes of results that say nothing of themselves stay what they were.
        select race_id, entry_id, hash_record_extended((status, declared), 5) from stage_finishes
        where (status, declared) is distinct from (null, null)
        union all
        select race_id, entry_id, hash_record_extended((bracket, place), 3) from stage_gender_places
        union all
        select race_id, entry_id, hash_record_extended((bracket, place), 4) from stage_division_places
    ) as hashed
    group by race_id, entry_id
) as s
left join ct_results o
    on o.timing_partner_id = %(timing_partner_id)s and o.event_id = %(event_id)s
    and o.data_source = %(data_source)s and (o.race_id, o.entry_id) = (s.race_id, s.entry_id);

-- name: merge_splits
-- Rebuilds the result of each entry from what was staged and from what stays of the stored rows.
-- A complete list decides alone over its part; elsewhere stored facts stay unless a staged row replaces them.
with touched as materialized (
    select race_id, entry_id from staged_entries where not is_unchanged
),
old as materialized (
    select o.* from ct_results o
    left join staged_entries e on (e.race_id, e.entry_id) = (o.race_id, o.entry_id)
    where o.timing_partner_id = %(timing_partner_id)s and o.event_id = %(event_id)s
      and o.data_source = %(data_source)s and o.retracted_at is null
      and not coalesce(e.is_unchanged, %(only_staged)s)
),
finishes as (
    select distinct on (race_id, entry_id) *
    from stage_finishes f
    join touched using (race_id, entry_id)
    where coalesce(chip_ms, gun_ms) is not null or coalesce(begin_at, end_at) is not null
       or coalesce(declared, status) is not null
    order by race_id, entry_id, (overall_place is null), f.ctid desc
),
crossed_splits as materialized (
    select s.ctid as position, s.* from stage_splits s
    join touched using (race_id, entry_id)
    where has_crossed
),
latest_splits as (
    select distinct on (race_id, entry_id, split_key) * from crossed_splits
    where %(some_repeat)s
    order by race_id, entry_id, split_key, position desc
),
staged_splits as (
    select * from latest_splits
    union all
    select * from crossed_splits where not %(some_repeat)s
),
stored_splits as (
    select o.race_id, o.entry_id, part.split_key, part.split_time
    from old o, unnest(o.split_keys, array(select jsonb_array_elements(o.split_times))) as part (split_key, split_time)
    where not %(every_split)s and part.split_key <> all (%(split_keys)s::text[])
      and not exists (
          select from staged_splits s
          where (s.race_id, s.entry_id, s.split_key) = (o.race_id, o.entry_id, part.split_key))
),
splits as (
    select race_id, entry_id, split_key, name, elapsed_ms, place, end_at from staged_splits
    union all
    select race_id, entry_id, split_key, split_time ->> 'name', (split_time ->> 'elapsed_ms')::bigint,
           (split_time ->> 'rank')::int, (split_time ->> 'at')::timestamptz
    from stored_splits
),
full_course as (
    select
        coalesce(f.race_id, o.race_id) as race_id,
        coalesce(f.entry_id, o.entry_id) as entry_id,
        f.entry_id is not null as staged,
        f.entry_id is null and (%(every_finish)s or o.race_id = any (%(finish_races)s::text[])) as withdrawn,
        f, o
    from finishes f
    full join old o on (o.race_id, o.entry_id) = (f.race_id, f.entry_id)
),
courses as (
    select
        race_id, entry_id, staged,
        case when staged then (f).bib else (o).bib_number end as bib_number,
        case when staged then (f).first_name else (o).first_name end as first_name,
        case when staged then (f).last_name else (o).last_name end as last_name,
        case when staged then (f).gender else (o).gender end as gender,
        case when staged then (f).age else (o).age end as age,
        case when staged then (f).city else (o).city end as city,
        case when staged then (f).state else (o).state end as state,
        case when staged then (f).country else (o).country end as country,
        case when staged then (f).division else (o).division end as division,
        case when staged then make_interval(secs => (f).chip_ms / 1000.0)
             when not withdrawn then (o).chip_time end as chip_time,
        case when staged then make_interval(secs => (f).gun_ms / 1000.0)
             when not withdrawn then (o).gun_time end as gun_time,
        case when staged then (f).overall_place when not withdrawn then (o).overall_place end as overall_place,
        case when staged then (f).begin_at when not withdrawn then (o).begin_time end as begin_time,
        case when staged then (f).end_at when not withdrawn then (o).finish_time end as finish_time,
        case when staged then (f).status when not withdrawn and (o).own_status is not null then (o).provider_status end
            as said_status,
        -- A word that means nothing to us is kept, and the times say the rest.
        case when not staged then case when not withdrawn then (o).own_status end
             when (f).declared is null and (f).status is not null
                 then case when coalesce((f).chip_ms, (f).gun_ms) is null then 'started' else 'finished' end
             else (f).declared end as own_status,
        case when staged then (f).raw when not withdrawn then (o).raw_payload::text end as raw_payload,
        case when not withdrawn then (o).gender_place end as old_gender_place,
        case when not withdrawn then (o).division_place end as old_division_place,
        (o).status_is_derived as was_derived,
        (o).result_status as old_status,
        (o).split_keys as old_split_keys
    from full_course
),
split_lists as (
    select
        s.race_id, s.entry_id,
        -- As text, which is what the fingerprint needs and is parsed once; building jsonb takes twice as long.
        '[' || string_agg(
            '{"name": ' || coalesce(to_json(s.name)::text, 'null')
            || ', "elapsed_ms": ' || coalesce(s.elapsed_ms::text, 'null')
            || ', "cumulative_ms": '
            || coalesce((extract(epoch from s.end_at - c.begin_time) * 1000)::bigint::text, 'null')
            || ', "at": ' || coalesce(to_json(s.end_at)::text, 'null')
            || ', "rank": ' || coalesce(s.place::text, 'null') || '}',
            ', ' order by s.end_at nulls last, s.split_key
        ) filter (where s.elapsed_ms is not null or s.end_at is not null) || ']' as split_times,
        array_agg(s.split_key order by s.end_at nulls last, s.split_key)
            filter (where s.elapsed_ms is not null or s.end_at is not null) as split_keys
    from splits s
    left join courses c on (c.race_id, c.entry_id) = (s.race_id, s.entry_id)
    group by s.race_id, s.entry_id
),
placed as (
    select
        coalesce(c.race_id, s.race_id) as race_id,
        coalesce(c.entry_id, s.entry_id) as entry_id,
        c, coalesce(s.split_times, '[]') as split_times, coalesce(s.split_keys, '{}') as split_keys,
        s.entry_id is not null as has_split
    from courses c
    full join split_lists s on (s.race_id, s.entry_id) = (c.race_id, c.entry_id)
),
latest_genders as (
    select distinct on (race_id, entry_id, bracket) * from stage_gender_places
    order by race_id, entry_id, bracket, ctid desc
),
-- Of several gender brackets the widest one counts: there the place is the highest number.
genders as (
    select race_id, entry_id, max(place) as place from latest_genders group by race_id, entry_id
),
divisions as (
    select distinct on (race_id, entry_id) * from stage_division_places order by race_id, entry_id, ctid desc
),
finished as (
    select
        p.race_id, p.entry_id, p.c, p.split_times, p.split_keys, p.has_split, entry.entry_status, entry.declared_status,
        case when g.entry_id is not null then g.place
             when p.race_id <> all (%(gender_races)s::text[]) then (p.c).old_gender_place end as gender_place,
        case when d.entry_id is not null then d.place
             when p.race_id <> all (%(division_races)s::text[]) then (p.c).old_division_place end as division_place,
        coalesce((p.c).chip_time, (p.c).gun_time) is not null or (p.c).finish_time is not null as has_finished
    from placed p
    left join genders g on (g.race_id, g.entry_id) = (p.race_id, p.entry_id)
    left join divisions d on (d.race_id, d.entry_id) = (p.race_id, p.entry_id)
    left join ct_participants entry
        on entry.timing_partner_id = %(timing_partner_id)s and entry.event_id = %(event_id)s
        and entry.data_source = %(data_source)s and entry.entry_id = p.entry_id and entry.retracted_at is null
),
judged as (
    select
        *,
        not has_finished and (c).was_derived and split_keys = (c).old_split_keys as stays_derived
    from finished
    where has_finished or has_split or (c).staged or (c).begin_time is not null
)
insert into merged_results
select
    content.*,
    sha256(convert_to(row(
        race_id, entry_id, bib_number, first_name, last_name, gender, age, city, state, country, chip_time, gun_time,
        overall_place, gender_place, division, division_place, split_times, split_keys, begin_time, finish_time
    )::text, 'UTF8'))
from (
    select
        race_id, entry_id, (c).bib_number, (c).first_name, (c).last_name, (c).gender, (c).age, (c).city, (c).state,
        (c).country, (c).chip_time, (c).gun_time, (c).overall_place, gender_place, (c).division, division_place,
        split_times, split_keys, (c).begin_time, (c).finish_time, (c).raw_payload,
        case when (c).own_status is not null then (c).own_status
             when declared_status in ('dnf', 'dq') then declared_status
             when has_finished then 'finished'
             when stays_derived then (c).old_status
             else 'started' end as result_status,
        coalesce((c).said_status, entry_status) as provider_status,
        coalesce(stays_derived and (c).own_status is null and coalesce(declared_status, '') not in ('dnf', 'dq'),
                 false) as status_is_derived, (c).own_status
    from judged
) as content;

-- name: write_merged
-- Writes the rows that are new, changed or back; counts them.
with changed as (
    select m.*, case when %(is_whole)s then s.snapshot_hash end as snapshot_hash
    from merged_results m
    left join staged_entries s on (s.race_id, s.entry_id) = (m.race_id, m.entry_id)
    left join ct_results o
        on o.timing_partner_id = %(timing_partner_id)s and o.event_id = %(event_id)s
        and o.data_source = %(data_source)s and o.race_id = m.race_id and o.entry_id = m.entry_id
    where o.entry_id is null or o.retracted_at is not null
       or (o.content_fingerprint, o.result_status, o.provider_status, o.status_is_derived, o.own_status)
          is distinct from
          (m.content_fingerprint, m.result_status, m.provider_status, m.status_is_derived, m.own_status)
),
written as (
    insert into ct_results (
        timing_partner_id, event_id, data_source, race_id, entry_id, bib_number, first_name, last_name, gender, age,
        city, state, country, chip_time, gun_time, overall_place, gender_place, division, division_place,
        result_status, provider_status, status_is_derived, split_times, split_keys, begin_time, finish_time,
        raw_payload, content_fingerprint, snapshot_hash, own_status)
    select
        %(timing_partner_id)s, %(event_id)s, %(data_source)s, race_id, entry_id, bib_number, first_name, last_name,
        gender, age, city, state, country, chip_time, gun_time, overall_place, gender_place, division, division_place,
        result_status, provider_status, status_is_derived, split_times::jsonb, split_keys, begin_time, finish_time,
        raw_payload::json, content_fingerprint, snapshot_hash, own_status
    from changed
    on conflict (timing_partner_id, event_id, data_source, race_id, entry_id, legacy_row_id) do update set
        bib_number = excluded.bib_number, first_name = excluded.first_name, last_name = excluded.last_name,
        gender = excluded.gender, age = excluded.age, city = excluded.city, state = excluded.state,
        country = excluded.country, chip_time = excluded.chip_time, gun_time = excluded.gun_time,
        overall_place = excluded.overall_place, gender_place = excluded.gender_place, division = excluded.division,
        division_place = excluded.division_place, result_status = excluded.result_status,
        provider_status = excluded.provider_status, status_is_derived = excluded.status_is_derived,
        split_times = excluded.split_times, split_keys = excluded.split_keys, begin_time = excluded.begin_time,
        finish_time = excluded.finish_time, raw_payload = excluded.raw_payload,
        content_fingerprint = excluded.content_fingerprint, snapshot_hash = excluded.snapshot_hash,
        own_status = excluded.own_status, retracted_at = null, updated_at = now()
    returning 1
)
select count(*) from written;

-- name: vanished
-- Visible rows that the merge no longer finds, and how many were visible. Where only what changed was staged, all
-- other rows are as they were.
select
    coalesce(array_agg(o.race_id || '/' || o.entry_id order by o.race_id, o.entry_id)
        filter (where m.entry_id is null and (s.entry_id is not null or not %(only_staged)s)), '{}') as keys,
    count(*)::int as visible
from ct_results o
left join (
    select race_id, entry_id from merged_results
    union all
    select race_id, entry_id from staged_entries where is_unchanged
) m on (m.race_id, m.entry_id) = (o.race_id, o.entry_id)
left join staged_entries s on (s.race_id, s.entry_id) = (o.race_id, o.entry_id)
where o.timing_partner_id = %(timing_partner_id)s and o.event_id = %(event_id)s and o.data_source = %(data_source)s
  and o.retracted_at is null and not (o.status_is_derived and o.raw_payload is null and o.split_keys = '{}');

-- name: retract
-- Hides rows that are gone upstream; they stay stored.
with gone as (
    update ct_results set retracted_at = now(), updated_at = now()
    where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
      and race_id || '/' || entry_id = any (%(keys)s::text[]) and retracted_at is null
    returning 1
)
select count(*) from gone;

-- name: races_with_finishes
-- The races that have finishers.
select distinct race_id from ct_results
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
  and retracted_at is null and (coalesce(chip_time, gun_time) is not null or finish_time is not null);

-- name: note_change
-- Remembers when the results last changed: on the first load the newest crossing, later the hub's present.
update ct_events e set settled_at = null, results_changed_at = case
    when e.results_changed_at is not null then hub_now()
    else (select least(hub_now(), max(coalesce(
              r.finish_time, r.begin_time, (r.split_times -> -1 ->> 'at')::timestamptz)))
          from ct_results r
          where r.timing_partner_id = e.timing_partner_id and r.event_id = e.event_id
            and r.data_source = %(data_source)s) end
where e.timing_partner_id = %(timing_partner_id)s and e.event_id = %(event_id)s;

-- name: settle
-- Results that did not change for 24 hours after the race have settled, of one event or of all; counts the events. Of
-- results that an earlier system collected nobody knows the last change: theirs is taken to be four days after the start.
with cause as materialized (
    select set_config('project88.cause', 'settling', true)
),
settled as (
    update ct_events e set settled_at = hub_now(), updated_at = now()
    from cause
    where e.settled_at is null and e.retracted_at is null
      and (%(event_id)s::text is null
           or (e.timing_partner_id, e.event_id) = (%(timing_partner_id)s::int, %(event_id)s::text))
      and coalesce(e.start_date <= hub_now() - interval '24 hours', true)
      and (e.results_changed_at <= hub_now() - interval '24 hours'
           or e.results_changed_at is null and e.start_date <= hub_now() - interval '5 days'
              and exists (select from ct_results r
                          where (r.timing_partner_id, r.event_id) = (e.timing_partner_id, e.event_id)
                            and r.retracted_at is null))
    returning 1
)
select count(*)::int from settled;

-- name: follow_entries
-- Lets dnf, dq and the provider's word follow the entry list when the results themselves did not change. Without
-- its entry a result has neither; a derived dns is withdrawn then.
with told as (
    select r.race_id, r.entry_id, entry.entry_status, entry.declared_status,
        r.status_is_derived and r.raw_payload is null and r.split_keys = '{}' as stands_alone,
        case when entry.declared_status in ('dnf', 'dq') then entry.declared_status
             when coalesce(r.chip_time, r.gun_time) is not null or r.finish_time is not null then 'finished'
             when r.status_is_derived and r.raw_payload is null and r.split_keys = '{}' then 'dns'
             when r.status_is_derived then r.result_status
             else 'started' end as result_status
    from ct_results r
    left join ct_participants entry
        on entry.timing_partner_id = r.timing_partner_id and entry.event_id = r.event_id
        and entry.data_source = r.data_source and entry.entry_id = r.entry_id and entry.retracted_at is null
    where r.timing_partner_id = %(timing_partner_id)s and r.event_id = %(event_id)s
      and r.data_source = %(data_source)s and r.retracted_at is null and r.own_status is null
      and (entry.entry_id is not null or not (r.status_is_derived and r.raw_payload is null and r.split_keys = '{}'))
      and (entry.entry_status is distinct from r.provider_status
           or (entry.declared_status in ('dnf', 'dq') and entry.declared_status <> r.result_status))
),
followed as (
    update ct_results r set
        result_status = t.result_status, provider_status = t.entry_status,
        status_is_derived = t.stands_alone
            or (r.status_is_derived and coalesce(t.declared_status, '') not in ('dnf', 'dq')),
        updated_at = now()
    from told t
    where r.timing_partner_id = %(timing_partner_id)s and r.event_id = %(event_id)s
      and r.data_source = %(data_source)s and (r.race_id, r.entry_id) = (t.race_id, t.entry_id)
    returning 1
)
select count(*) from followed;

-- name: derive_dnf
-- Once results have settled, who crossed a partial interval only did not finish.
with derived as (
    update ct_results r set result_status = 'dnf', status_is_derived = true, updated_at = now()
    from ct_events e
    where r.timing_partner_id = %(timing_partner_id)s and r.event_id = %(event_id)s
      and r.data_source = %(data_source)s and r.result_status = 'started' and r.retracted_at is null
      and (e.timing_partner_id, e.event_id) = (r.timing_partner_id, r.event_id)
      and e.results_changed_at <= hub_now() - interval '24 hours'
    returning 1
)
select count(*) from derived;

-- name: derive_dns
-- Once results have settled, a confirmed entry with a bib and no row in a timed race did not start.
-- An entry that the provider calls dnf or dq keeps that word.
with settled as (
    select e.timing_partner_id, e.event_id from ct_events e
    where e.timing_partner_id = %(timing_partner_id)s and e.event_id = %(event_id)s
      and e.results_changed_at <= hub_now() - interval '24 hours'
),
timed_races as (
    select distinct race_id from ct_results
    where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
      and retracted_at is null and result_status = 'finished'
      -- Nothing is read while nothing has settled.
      and exists (select from settled)
),
absent as (
    select entry.* from settled
    join ct_participants entry using (timing_partner_id, event_id)
    join timed_races using (race_id)
    where entry.data_source = %(data_source)s and entry.retracted_at is null
      and entry.bib_number is not null and entry.declared_status is not null
      and not exists (
          select from ct_results r
          where r.timing_partner_id = entry.timing_partner_id and r.event_id = entry.event_id
            and r.data_source = entry.data_source and r.race_id = entry.race_id and r.entry_id = entry.entry_id
            and r.retracted_at is null)
),
derived as (
    insert into ct_results (
        timing_partner_id, event_id, data_source, race_id, entry_id, bib_number, result_status, provider_status,
        status_is_derived)
    select timing_partner_id, event_id, data_source, race_id, entry_id, bib_number,
        case when declared_status = 'confirmed' then 'dns' else declared_status end,
        entry_status, true
    from absent
    on conflict (timing_partner_id, event_id, data_source, race_id, entry_id, legacy_row_id) do update set
        result_status = excluded.result_status, provider_status = excluded.provider_status,
        status_is_derived = excluded.status_is_derived, retracted_at = null, updated_at = now()
    returning 1
)
select count(*) from derived;

-- name: withdraw_dns
-- A derived dns does not outlive its entry.
with withdrawn as (
    update ct_results r set retracted_at = now(), updated_at = now()
    where r.timing_partner_id = %(timing_partner_id)s and r.event_id = %(event_id)s
      and r.data_source = %(data_source)s and r.retracted_at is null
      and r.status_is_derived and r.raw_payload is null and r.split_keys = '{}'
      and not exists (
          select from ct_participants entry
          where entry.timing_partner_id = r.timing_partner_id and entry.event_id = r.event_id
            and entry.data_source = r.data_source and entry.entry_id = r.entry_id and entry.race_id = r.race_id
            and entry.retracted_at is null and entry.bib_number is not null and entry.declared_status is not null)
    returning 1
)
select count(*) from withdrawn;

-- name: new_rows
-- How many staged results are not visible yet.
select count(*)::int from (
    select race_id, entry_id from stage_finishes union select race_id, entry_id from stage_splits) s
where not exists (
    select from ct_results o
    where o.timing_partner_id = %(timing_partner_id)s and o.event_id = %(event_id)s
      and o.data_source = %(data_source)s and (o.race_id, o.entry_id) = (s.race_id, s.entry_id)
      and o.retracted_at is null);

-- name: visible_rows
-- How many visible rows stand on rows of the provider.
select count(*)::int from ct_results
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
  and retracted_at is null and not (status_is_derived and raw_payload is null and split_keys = '{}');

-- name: take_back
-- Rows that are seen again leave the retraction that waits.
update held_retractions h set keys = array(
        select key from unnest(h.keys) as gone (key)
        except select race_id || '/' || entry_id from stage_finishes
        except select race_id || '/' || entry_id from stage_splits)
where h.timing_partner_id = %(timing_partner_id)s and h.event_id = %(event_id)s and h.data_source = %(data_source)s
  and h.stream = 'results' and h.state in ('held', 'dismissed');
