-- name: collected
-- What the hub holds, for a summary line.
select
    (select count(*) from unified_events)::int as events,
    (select count(*) from unified_participants)::int as participants,
    (select count(*) from unified_results)::int as results;

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
