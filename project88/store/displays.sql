-- name: create
-- Keep a display; only the hash of its secret is kept.
insert into displays (timing_partner_id, event_id, timing_session_id, race_id, kind, token_hash, created_by, expires_at)
values (%(timing_partner_id)s, %(event_id)s, %(timing_session_id)s, %(race_id)s, %(kind)s, %(token_hash)s,
        %(created_by)s, now() + %(lifetime)s)
returning timing_partner_id, display_id, event_id, timing_session_id, race_id, kind, created_by, expires_at;

-- name: session_of_event
-- Whether the session belongs to the event.
select exists (
    select from timing.timing_sessions
    where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s
      and timing_session_id = %(timing_session_id)s);

-- name: listed
-- The displays, the newest first, and whether each may be opened: not while its session belongs to another event.
select d.timing_partner_id, d.display_id, d.event_id, e.event_name, d.timing_session_id, s.session_name, d.race_id,
       d.kind, d.created_by, d.created_at, d.expires_at, d.last_seen_at,
       case when d.revoked_at is not null then 'revoked' when d.expires_at <= now() then 'expired'
            when d.timing_session_id is not null and s.event_id is distinct from d.event_id then 'elsewhere'
            else 'open' end as state
from displays d
join ct_events e using (timing_partner_id, event_id)
left join timing.timing_sessions s using (timing_partner_id, timing_session_id)
where (%(timing_partner_id)s::int is null or d.timing_partner_id = %(timing_partner_id)s::int)
order by d.created_at desc, d.display_id desc;

-- name: open_hashes
-- What the secrets of the open displays are known by.
select display_id, token_hash from displays
where revoked_at is null and expires_at > now()
  and (%(timing_partner_id)s::int is null or timing_partner_id = %(timing_partner_id)s::int);

-- name: revoke
-- End a display now; one that had ended is left as it is.
update displays set revoked_at = now()
where display_id = %(display_id)s and revoked_at is null
  and (%(timing_partner_id)s::int is null or timing_partner_id = %(timing_partner_id)s::int);

-- name: is_known
-- Whether there is or was such a display.
select exists (
    select from displays
    where display_id = %(display_id)s
      and (%(timing_partner_id)s::int is null or timing_partner_id = %(timing_partner_id)s::int));

-- name: shown
-- The display of a secret while it may be shown.
select timing_partner_id, event_id, timing_session_id, race_id, kind
from shown_display(%(token_hash)s);

-- name: still_shown
-- Which of the secrets still open a display.
select asked.token_hash from unnest(%(token_hashes)s::bytea[]) as asked (token_hash)
where exists (select from shown_display(asked.token_hash));

-- name: note_seen
-- Note that screens show the displays of these secrets; how many were not noted within the last minute.
select note_displays_seen(%(token_hashes)s::bytea[]);

-- name: approaching
-- Who passed the last split and has not finished, in the order in which they should arrive. The rest of the way takes a
-- runner as much longer as it took the middle one of those who have finished.
with found as (
    select data_source, race_id, participant_id, result_status, bib_number, begin_time, coalesce(chip_time, gun_time) as finish,
           split_times
    from unified_results
    where timing_partner_id = %(timing_partner_id)s::int and event_id = %(event_id)s::text
      and (%(race_id)s::text is null or race_id = %(race_id)s::text)
    -- The splits are fetched once a row, not once a column that is made of them.
    offset 0
), passed as (
    select *, jsonb_array_length(split_times) as passed, split_times -> -1 as latest from found
    offset 0
), known as materialized (
    select data_source, race_id, participant_id, result_status, bib_number, passed, latest ->> 'name' as point,
           (latest ->> 'cumulative_ms')::float8 as elapsed_ms, extract(epoch from finish) * 1000 as finish_ms,
           case result_status when 'started' then
               coalesce((latest ->> 'at')::timestamptz,
                        begin_time + (latest ->> 'cumulative_ms')::float8 * interval '1 millisecond') end as passed_at
    from passed where passed > 0
), last_split as materialized (
    select race_id, max(passed) as passed from known group by race_id
-- The planner expects one runner at the last split; it would find the middle one anew for each.
), pace as materialized (
    select race_id, percentile_cont(0.5) within group (order by finish_ms / elapsed_ms) as factor
    from known join last_split using (race_id, passed)
    where result_status = 'finished' and elapsed_ms > 0 and finish_ms > elapsed_ms
    group by race_id
), expected as (
    select k.*, k.passed_at + (p.factor - 1) * k.elapsed_ms * interval '1 millisecond' as expected_at
    from known k join last_split using (race_id, passed) left join pace p using (race_id)
    where k.result_status = 'started' and k.passed_at is not null
)
select data_source, race_id, participant_id, point, passed_at, expected_at from expected
where coalesce(expected_at, passed_at + interval '2 hours') > hub_now() - interval '10 minutes'
  and (%(timing_session_id)s::bigint is null or (bib_number, point) in (
      select r.bib_number, r.point from used_reads r
      where r.timing_partner_id = %(timing_partner_id)s::int and r.event_id = %(event_id)s::text
        and r.timing_session_id = %(timing_session_id)s::bigint))
order by coalesce(expected_at, passed_at), participant_id
limit %(limit)s;

-- name: finishers
-- Who finished, by place or else by the clock with the newest first.
select u.data_source, u.race_id, u.participant_id from unified_results u
where u.timing_partner_id = %(timing_partner_id)s::int and u.event_id = %(event_id)s::text
  and (%(race_id)s::text is null or u.race_id = %(race_id)s::text) and u.result_status = 'finished'
  and case when %(by_place)s then u.overall_place is not null else u.finish_time is not null end
  and (%(timing_session_id)s::bigint is null or (u.race_id, u.bib_number) in (
      select c.race_id, r.bib_number from used_reads r join timing.courses c using (timing_partner_id, event_id)
      where r.timing_partner_id = %(timing_partner_id)s::int and r.event_id = %(event_id)s::text
        and r.timing_session_id = %(timing_session_id)s::bigint and r.point = c.course -> 'points' -> -1 ->> 'name'))
order by case when %(by_place)s then u.overall_place end, case when not %(by_place)s then u.finish_time end desc,
         u.participant_id
limit %(limit)s;
