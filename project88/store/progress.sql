-- name: collected
-- What the hub holds, for a summary line: the rows of the views. It is asked while the first events come in, of which the
-- planner knows nothing; so each count is one look at a table.
select
    (select count(*) from unified_events)::int as events,
    ((select count(*) from ct_participants c join ct_events e using (timing_partner_id, event_id)
      where c.retracted_at is null and not e.is_joined)
     + (select count(*) from (
            select distinct l.timing_partner_id, l.event_id, l.joined_race_id, l.person_id
            from entry_links l join ct_events e using (timing_partner_id, event_id)
            where l.has_entry and e.is_joined) k)
    )::int as participants,
    ((select count(*) from ct_results r join ct_events e using (timing_partner_id, event_id)
      where r.retracted_at is null and not r.is_detail and not e.is_joined and e.retracted_at is null)
     + (select count(*) from joined_results j join ct_events e using (timing_partner_id, event_id)
        where e.is_joined and e.retracted_at is null)
    )::int as results;

-- name: by_status
-- Results of one event by status.
select result_status, count(*)::int as results from ct_results
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
  and retracted_at is null
group by result_status;

-- name: server_time
-- The clock by which attempts end.
select now();

-- name: attempts
-- Attempts by outcome since a moment, or all; the calls they made and the rows they wrote.
select status, count(*)::int as attempts, sum(api_calls)::int as calls, sum(rows_written)::bigint as rows_written
from sync_history where %(since)s::timestamptz is null or sync_time >= %(since)s::timestamptz
group by status;

-- name: rows_by_source
-- Rows of an event of each source: its results, else its entries.
select data_source, coalesce(max(rows) filter (where is_result), max(rows))::int as rows from (
    select data_source, true as is_result, count(*) as rows from ct_results
    where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and retracted_at is null group by 1
    union all
    select data_source, false, count(*) from ct_participants
    where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and retracted_at is null group by 1) k
group by data_source order by data_source;
