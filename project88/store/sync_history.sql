-- name: begin
-- Writes the row of an attempt that starts now.
insert into sync_history (
    timing_partner_id, provider_id, account_name, event_id, provider_event_id, sync_type, status, sync_time, due_at)
values (%(timing_partner_id)s, %(provider_id)s, %(account_name)s, %(event_id)s, %(provider_event_id)s, %(sync_type)s,
        'running', null, %(due_at)s)
returning sync_history_id;

-- name: finish
-- Completes the row of an attempt.
update sync_history set
    status = %(status)s, reason = %(reason)s, error_message = %(error_message)s, event_id = coalesce(%(event_id)s, event_id),
    events_synced = %(events_synced)s, participants_synced = %(participants_synced)s,
    results_synced = %(results_synced)s, rows_written = %(rows_written)s, rows_retracted = %(rows_retracted)s,
    rows_quarantined = %(rows_quarantined)s, api_calls = %(api_calls)s, sync_time = clock_timestamp(),
    duration_seconds = extract(epoch from clock_timestamp() - started_at)
where timing_partner_id = %(timing_partner_id)s and sync_history_id = %(sync_history_id)s;

-- name: close_abandoned
-- An attempt whose process died stays running for ever; its event's lock is free, so it is closed as failed. The
-- lists of events of several accounts are read at the same time.
update sync_history set
    status = 'failed', error_message = 'the process ended before this attempt did', sync_time = clock_timestamp(),
    duration_seconds = extract(epoch from clock_timestamp() - started_at)
where timing_partner_id = %(timing_partner_id)s and provider_id = %(provider_id)s and status = 'running'
  and provider_event_id is not distinct from %(provider_event_id)s
  and (provider_event_id is not null or account_name = %(account_name)s);

-- name: lock_collecting
-- One collecting of an event at a time; the lock lives as long as the connection.
select pg_try_advisory_lock(
    hashtextextended('collect ' || %(timing_partner_id)s::text || ' '
        || coalesce(%(event_id)s::text, 'events' || %(account_name)s::text), 88));

-- name: unlock_collecting
-- Lets the collecting lock go.
select pg_advisory_unlock(
    hashtextextended('collect ' || %(timing_partner_id)s::text || ' '
        || coalesce(%(event_id)s::text, 'events' || %(account_name)s::text), 88));
