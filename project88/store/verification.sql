-- name: columns
-- The columns of some tables of this schema.
select c.relname as table_name, a.attname as column_name
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.oid in (select to_regclass(name) from unnest(%(tables)s::text[]) as names (name))

-- name: absent
-- Which relations and functions are not there.
select name from unnest(%(relations)s::text[]) as relations (name) where to_regclass(name) is null
union all
select name from unnest(%(functions)s::text[]) as functions (name) where to_regprocedure(name) is null

-- name: has_provider
-- Whether the row of ChronoTrack Live stands in providers.
select exists (select from providers where key = 'chronotrack_live')

-- name: provider_id
-- The number that ChronoTrack Live has here.
select provider_id from providers where key = 'chronotrack_live'

-- name: sample_partner
-- A timing partner for what is rolled back; its number is below all real ones, so that no number is used up.
insert into timing_partners (timing_partner_id, company_name) values (%(partner)s, %(company_name)s)

-- name: sample_event
-- An event of the sample partner.
insert into ct_events (timing_partner_id, event_id, data_source, provider_event_id, event_name, start_date)
values (%(partner)s, %(event_id)s, %(data_source)s, %(provider_event_id)s, %(event_name)s, %(start_date)s)

-- name: is_duplicate
-- What the duplicate function says of a start with a time zone, and of one without.
select check_duplicate_chronotrack_event(
           %(event_name)s::varchar, %(start_date)s::timestamptz, %(partner)s::int) as with_zone,
       check_duplicate_chronotrack_event(
           %(event_name)s::varchar, %(start_date)s::timestamptz at time zone 'UTC', %(partner)s::int) as without_zone

-- name: duplicates
-- The deployment page's question for events that both sources brought; its healthy answer is no row.
select e1.timing_partner_id, e1.event_name, e1.start_date, e1.event_id as live_event_id, e2.event_id as tcp_event_id
from ct_events e1
join ct_events e2 on e1.timing_partner_id = e2.timing_partner_id
    and lower(e1.event_name) = lower(e2.event_name)
    and abs(extract(epoch from (e1.start_date - e2.start_date))) < 86400
where e1.data_source = 'chronotrack_live' and e2.data_source = 'tcp_hardware'
  and not exists (
      select from event_sources s join providers v using (provider_id)
      where s.timing_partner_id = e1.timing_partner_id and v.key = e1.data_source and s.decision = 'kept_both'
        and s.provider_event_id = coalesce(e1.provider_event_id, e1.event_id) and s.event_id = e2.event_id)
order by e1.timing_partner_id, e1.start_date

-- name: wait_briefly
-- Whoever waits for a lock in this transaction gives up soon.
select set_config('lock_timeout', '150ms', true)

-- name: lowest_partner
-- A number for the sample partner that no partner has.
select least(min(timing_partner_id), 0) - 1 from timing_partners

-- name: heartbeats
-- Who has told of being alive, and how many seconds ago.
select component, instance, host, extract(epoch from clock_timestamp() - beat_at)::double precision as seconds_ago
from heartbeats order by component, instance

-- name: event_for_trial
-- An event to collect on trial; one that is stored already stays as it is.
insert into ct_events (timing_partner_id, data_source, provider_event_id, event_name, start_date)
values (%(timing_partner_id)s, %(data_source)s, %(provider_event_id)s, %(event_name)s, %(start_date)s)
on conflict (timing_partner_id, data_source, provider_event_id) do nothing

-- name: event_id
-- Our id of an event of a provider.
select event_id from ct_events
where timing_partner_id = %(timing_partner_id)s and data_source = %(data_source)s
  and provider_event_id = %(provider_event_id)s

-- name: twice_timing_partners
-- A name that a partner has already.
insert into timing_partners (timing_partner_id, company_name) values (%(partner)s - %(time)s, 'verified twice')
on conflict do nothing

-- name: twice_partner_provider_credentials
-- The page's own INSERT relies on this key.
insert into partner_provider_credentials (timing_partner_id, provider_id, principal, secret)
select %(partner)s, provider_id, 'verification', '' from providers where key = 'chronotrack_live'
on conflict (timing_partner_id, provider_id) do nothing

-- name: twice_partner_provider_accounts
-- A further account of the same name.
insert into partner_provider_accounts (timing_partner_id, provider_id, account_name, principal, secret)
select %(partner)s, provider_id, 'verification', 'verification', '' from providers where key = 'chronotrack_live'
on conflict (timing_partner_id, provider_id, account_name) do nothing

-- name: twice_ct_events
-- The same event of a provider.
insert into ct_events (timing_partner_id, event_id, data_source, provider_event_id)
values (%(partner)s, 'verification ' || %(time)s, 'chronotrack_live', 'twice')
on conflict (timing_partner_id, data_source, provider_event_id) do nothing

-- name: twice_event_sources
-- The same event of a provider that may be one of the hardware.
insert into event_sources (timing_partner_id, event_id, provider_id, provider_event_id, decision, likeness)
values (%(partner)s, 'verification', 1, 'twice', 'kept_both', 'same_name')
on conflict (timing_partner_id, provider_id, provider_event_id, event_id) do nothing

-- name: twice_joined_results
-- The same person of a race.
insert into joined_results (timing_partner_id, event_id, race_id, participant_id, data_source)
values (%(partner)s, 'verification', 'twice', 'twice', 'chronotrack_live')
on conflict (timing_partner_id, event_id, race_id, participant_id) do nothing

-- name: twice_ct_races
-- The same race of an event.
insert into ct_races (timing_partner_id, event_id, data_source, race_id)
values (%(partner)s, 'verification', 'chronotrack_live', 'twice')
on conflict (timing_partner_id, event_id, data_source, race_id) do nothing

-- name: twice_ct_participants
-- The same entry of an event.
insert into ct_participants (timing_partner_id, event_id, data_source, entry_id)
values (%(partner)s, 'verification', 'chronotrack_live', 'twice')
on conflict (timing_partner_id, event_id, data_source, entry_id) do nothing

-- name: twice_ct_results
-- The same result; its legacy_row_id is null both times.
insert into ct_results (timing_partner_id, event_id, data_source, race_id, entry_id)
values (%(partner)s, 'verification', 'chronotrack_live', 'twice', 'twice')
on conflict (timing_partner_id, event_id, data_source, race_id, entry_id, legacy_row_id) do nothing

-- name: twice_entry_readings
-- The same reading of the entries of an event.
insert into entry_readings (
    timing_partner_id, event_id, data_source, changes_read_from, all_read_from, stored_rows)
values (%(partner)s, 'verification', 'chronotrack_live', now(), now(), 0)
on conflict (timing_partner_id, event_id, data_source) do nothing

-- name: twice_import_mappings
-- A mapping of the same name.
insert into import_mappings (timing_partner_id, mapping_name, columns) values (%(partner)s, 'twice', '{}')
on conflict (timing_partner_id, mapping_name) do nothing

-- name: twice_collected_lists
-- The same list of an event.
insert into collected_lists (
    timing_partner_id, event_id, data_source, list_name, rules_version, page_size, row_count, stored_rows, page_digests)
values (%(partner)s, 'verification', 'chronotrack_live', 'twice', 0, 1, 0, 0, '{}')
on conflict (timing_partner_id, event_id, data_source, list_name) do nothing

-- name: twice_quarantine
-- The same unreadable row.
insert into quarantine (timing_partner_id, provider_id, provider_event_id, stream, reason, raw_text, raw_sha256)
select %(partner)s, provider_id, 'twice', 'results', 'verification', '', '' from providers
where key = 'chronotrack_live'
on conflict do nothing

-- name: twice_held_retractions
-- A second open retraction of the same rows.
insert into held_retractions (timing_partner_id, event_id, data_source, stream, keys, rows_before)
values (%(partner)s, 'verification', 'chronotrack_live', 'results', '{}', 0)
on conflict do nothing

-- name: twice_schedule_plan
-- The same poll of an event; discovery_of is null both times.
insert into schedule_plan (timing_partner_id, provider_id, kind, event_id)
select %(partner)s, provider_id, 'results', 'verification' from providers where key = 'chronotrack_live'
on conflict (timing_partner_id, provider_id, kind, event_id, discovery_of) do nothing

-- name: twice_call_budgets
-- The budget of the same account.
insert into call_budgets (timing_partner_id, provider_id)
select %(partner)s, provider_id from providers where key = 'chronotrack_live'
on conflict (timing_partner_id, provider_id, account_name) do nothing

-- name: twice_call_log
-- The same second of an account.
insert into call_log (timing_partner_id, provider_id, second, sent_ms)
select %(partner)s, provider_id, 'epoch', '{}' from providers where key = 'chronotrack_live'
on conflict (timing_partner_id, provider_id, account_name, second) do nothing

-- name: twice_credential_breakers
-- The breaker of the same account.
insert into credential_breakers (timing_partner_id, provider_id, kind, failures, reason)
select %(partner)s, provider_id, 'service', 0, 'verification' from providers where key = 'chronotrack_live'
on conflict do nothing

-- name: twice_heartbeats
-- The same program; the sample's name is nobody's.
insert into heartbeats (component, instance, host, pid) values ('worker', 'verification ' || %(partner)s, '', 0)
on conflict (component, instance) do nothing

-- name: twice_alerts
-- The same problem; the sample's name is nobody's.
insert into alerts (problem, check_name, who, state, cause, remedy)
values ('verification ' || %(partner)s, 'verification', 'hub', 'degraded', '', '')
on conflict (problem) do nothing

-- name: twice_timing_timing_sessions
-- The same timing computer.
insert into timing.timing_sessions (timing_partner_id, session_key) values (%(partner)s, 'verification')
on conflict (timing_partner_id, session_key) do nothing

-- name: twice_timing_timing_links
-- The same link of a session.
with session as (
    insert into timing.timing_sessions (timing_partner_id, session_key) values (%(partner)s, 'verification')
    on conflict (timing_partner_id, session_key) do update set session_key = excluded.session_key
    returning timing_session_id
)
insert into timing.timing_links (timing_partner_id, link_id, timing_session_id, address, opened_at)
select %(partner)s, 'verification', timing_session_id, '', now() from session
on conflict (timing_partner_id, link_id) do nothing

-- name: twice_timing_timing_locations
-- The same location of a session.
with session as (
    insert into timing.timing_sessions (timing_partner_id, session_key) values (%(partner)s, 'verification')
    on conflict (timing_partner_id, session_key) do update set session_key = excluded.session_key
    returning timing_session_id
)
insert into timing.timing_locations (timing_partner_id, timing_session_id, location, appeared_at)
select %(partner)s, timing_session_id, 'verification', now() from session
on conflict (timing_partner_id, timing_session_id, location) do nothing

-- name: twice_timing_timing_reads
-- The same read.
with session as (
    insert into timing.timing_sessions (timing_partner_id, session_key) values (%(partner)s, 'verification')
    on conflict (timing_partner_id, session_key) do update set session_key = excluded.session_key
    returning timing_session_id
)
insert into timing.timing_reads (
    timing_partner_id, timing_session_id, kind, location, sequence_number, numbering, read_time, zone_is_assumed,
    day_is_assumed, reader_id, content_key, source, raw_line, received_at)
select %(partner)s, timing_session_id, 'read', 'verification', 1, 1, now(), false, false, '', 1, 'stream', '', now()
from session
on conflict (timing_partner_id, timing_session_id, location, sequence_number, content_key) do nothing

-- name: twice_timing_unread_lines
-- The same line that is no read; it has no session both times.
insert into timing.unread_lines (timing_partner_id, reason, raw_line, source, received_at)
values (%(partner)s, 'verification', 'verification', 'stream', now())
on conflict (timing_partner_id, timing_session_id, line_key) do nothing

-- name: twice_timing_spools
-- The same spool.
insert into timing.spools (spool_id, host, segment, position) values ('verification', '', 0, 0)
on conflict (spool_id) do nothing

-- name: twice_timing_courses
-- The same race's course.
insert into timing.courses (timing_partner_id, event_id, race_id, course)
values (%(partner)s, 'verification', 'twice', '{}')
on conflict (timing_partner_id, event_id, race_id) do nothing

-- name: twice_timing_read_statuses
-- The status of the same read.
with session as (
    insert into timing.timing_sessions (timing_partner_id, session_key) values (%(partner)s, 'verification')
    on conflict (timing_partner_id, session_key) do update set session_key = excluded.session_key
    returning timing_session_id
),
read as (
    insert into timing.timing_reads (
        timing_partner_id, timing_session_id, kind, location, sequence_number, numbering, read_time, zone_is_assumed,
        day_is_assumed, reader_id, content_key, source, raw_line, received_at)
    select %(partner)s, timing_session_id, 'read', 'verification', 1, 1, now(), false, false, '', 1, 'stream', '', now()
    from session
    on conflict (timing_partner_id, timing_session_id, location, sequence_number, content_key)
        do update set location = excluded.location
    returning timing_read_id
)
insert into timing.read_statuses (timing_partner_id, timing_read_id, event_id, status)
select %(partner)s, timing_read_id, 'verification', 'used' from read
on conflict (timing_partner_id, timing_read_id) do nothing

-- name: twice_timing_scorings
-- The scoring of the same event.
insert into timing.scorings (timing_partner_id, event_id) values (%(partner)s, 'verification')
on conflict (timing_partner_id, event_id) do nothing

-- name: twice_webhooks
-- The same address.
insert into webhooks (timing_partner_id, url, secret, position) values (%(partner)s, 'verification', '', '')
on conflict (timing_partner_id, url) do nothing

-- name: twice_project88_users
-- The same person, who may do nothing.
insert into project88_users (timing_partner_id, name, email, password_hash, role, is_active)
values (%(partner)s, 'verification', 'verification', '', 'read_only', false)
on conflict (email) do nothing

-- name: twice_withheld_names
-- The same bib of the event 'verification'.
insert into withheld_names (timing_partner_id, event_id, bib_number, decided_by)
values (%(partner)s, 'verification', 'twice', 'verification')
on conflict (timing_partner_id, event_id, bib_number) do nothing
