-- name: commit_durably
-- What the spool gives up must be on the server's disk, whatever the server is set to.
select set_config('synchronous_commit', case current_setting('synchronous_commit') when 'off' then 'on'
                                        else current_setting('synchronous_commit') end, true);

-- name: create_stages
-- Where the records of timing computers stand before they are stored.
create temporary table if not exists stage_sessions (
    timing_partner_id integer, session_key text, account text, program text, version text, connection_id text,
    timing_event_id text, timing_event_name text, description text, at timestamptz);
create temporary table if not exists stage_links (
    timing_partner_id integer, session_key text, link_id text, address text, opened_at timestamptz,
    closed_at timestamptz, reason text, reads bigint, clock_offset_ms bigint);
create temporary table if not exists stage_locations (
    timing_partner_id integer, session_key text, location text, controller_id text, raw_line text, at timestamptz);
create temporary table if not exists stage_unread (
    timing_partner_id integer, session_key text, reason text, raw_line text, source text, received_at timestamptz);
create temporary table if not exists stage_reads (
    timing_partner_id integer, session_key text, kind text, location text, sequence_number integer, numbering integer,
    tag_code text, wall_time timestamp, instant timestamptz, day_is_assumed boolean, reader_id text,
    gator_number integer, lap_count integer, content_key bigint, source text, raw_line text, received_at timestamptz,
    position integer generated always as identity);

-- name: empty_stages
-- Forgets what the last transaction staged, and the rows themselves.
truncate stage_sessions, stage_links, stage_locations, stage_unread, stage_reads restart identity;

-- name: size_of_stages
-- The bytes that the stages take on disk, rows that were forgotten included.
select sum(pg_relation_size(stage))
from unnest('{stage_sessions,stage_links,stage_locations,stage_unread,stage_reads}'::regclass[]) stage;

-- name: empty_small_stages
-- Forgets the rows of a small batch, for which this is ten times as fast.
with a as (delete from stage_sessions), b as (delete from stage_links), c as (delete from stage_locations),
     d as (delete from stage_unread)
delete from stage_reads;

-- name: copy_sessions
-- Takes sessions.
copy stage_sessions from stdin;

-- name: copy_links
-- Takes links.
copy stage_links from stdin;

-- name: copy_locations
-- Takes locations.
copy stage_locations from stdin;

-- name: copy_unread
-- Takes lines that could not be read.
copy stage_unread from stdin;

-- name: copy_reads
-- Takes reads.
copy stage_reads (
    timing_partner_id, session_key, kind, location, sequence_number, numbering, tag_code, wall_time, instant,
    day_is_assumed, reader_id, gator_number, lap_count, content_key, source, raw_line, received_at) from stdin;

-- name: lock_partners
-- Reads of a partner are numbered in the order in which they become visible: whoever reads on from a number misses none.
select pg_advisory_xact_lock(hashtextextended('timing reads ' || p, 88))
from (select distinct timing_partner_id::text as p from stage_reads order by 1) partners;

-- name: write_sessions
-- A computer that is new or that has come back. A session of the same timing event gives a new one what it is bound to.
insert into timing.timing_sessions as known (
    timing_partner_id, session_key, account, program, program_version, connection_id, timing_event_id,
    timing_event_name, description, first_connected_at, last_connected_at, event_id, time_zone)
select distinct on (s.timing_partner_id, s.session_key)
    s.timing_partner_id, s.session_key, s.account, s.program, s.version, s.connection_id, s.timing_event_id,
    s.timing_event_name, s.description, s.at, s.at, sibling.event_id, sibling.time_zone
from stage_sessions s
left join lateral (
    select t.event_id, t.time_zone from timing.timing_sessions t
    where t.timing_partner_id = s.timing_partner_id and t.timing_event_id = s.timing_event_id
      and t.timing_event_name is not distinct from s.timing_event_name and t.event_id is not null
      and t.closed_at is null
    order by t.last_connected_at desc limit 1
) sibling on true
order by s.timing_partner_id, s.session_key, s.at desc
on conflict (timing_partner_id, session_key) do update set
    account = excluded.account, program = excluded.program, program_version = excluded.program_version,
    connection_id = coalesce(excluded.connection_id, known.connection_id),
    description = coalesce(excluded.description, known.description),
    last_connected_at = greatest(known.last_connected_at, excluded.last_connected_at), closed_at = null;

-- name: write_bare_sessions
-- A session that a record names and that is not there, because somebody removed it: no read is lost for that.
insert into timing.timing_sessions (timing_partner_id, session_key)
select timing_partner_id, session_key from stage_reads
union select timing_partner_id, session_key from stage_links
union select timing_partner_id, session_key from stage_locations
on conflict (timing_partner_id, session_key) do nothing;

-- name: write_links
-- Connections, and their ends.
insert into timing.timing_links as known (
    timing_partner_id, link_id, timing_session_id, address, opened_at, closed_at, reason, reads, clock_offset)
select distinct on (l.timing_partner_id, l.link_id)
    l.timing_partner_id, l.link_id, s.timing_session_id, l.address, l.opened_at, l.closed_at, l.reason, l.reads,
    make_interval(secs => l.clock_offset_ms / 1000.0)
from stage_links l
join timing.timing_sessions s using (timing_partner_id, session_key)
order by l.timing_partner_id, l.link_id, l.closed_at nulls last
on conflict (timing_partner_id, link_id) do update set
    closed_at = excluded.closed_at, reason = excluded.reason, reads = excluded.reads,
    clock_offset = excluded.clock_offset
where excluded.closed_at is not null;

-- name: write_locations
-- Places that reads come from.
insert into timing.timing_locations as known (
    timing_partner_id, timing_session_id, location, controller_id, raw_line, appeared_at)
select distinct on (l.timing_partner_id, s.timing_session_id, l.location)
    l.timing_partner_id, s.timing_session_id, l.location, l.controller_id, l.raw_line, l.at
from stage_locations l
join timing.timing_sessions s using (timing_partner_id, session_key)
order by l.timing_partner_id, s.timing_session_id, l.location, l.raw_line is null, l.at
on conflict (timing_partner_id, timing_session_id, location) do update set
    controller_id = coalesce(excluded.controller_id, known.controller_id),
    raw_line = coalesce(excluded.raw_line, known.raw_line);

-- name: write_reads
-- Reads that are not stored yet, in the order in which they came; counts them. Wall-clock time becomes an instant here
-- and in move_reads only, so that both follow the same rules of time zones.
with new as (
    insert into timing.timing_reads (
        timing_partner_id, timing_session_id, kind, location, sequence_number, numbering, tag_code, read_time,
        wall_time, zone_is_assumed, day_is_assumed, reader_id, gator_number, lap_count, content_key, source, raw_line,
        received_at)
    select
        r.timing_partner_id, s.timing_session_id, r.kind, r.location, r.sequence_number, r.numbering, r.tag_code,
        coalesce(r.instant, r.wall_time at time zone coalesce(
            l.time_zone, s.time_zone, e.time_zone, %(time_zone)s, p.time_zone)),
        r.wall_time, r.instant is null and coalesce(l.time_zone, s.time_zone, e.time_zone) is null, r.day_is_assumed,
        r.reader_id, r.gator_number, r.lap_count, r.content_key, r.source, r.raw_line, r.received_at
    from stage_reads r
    join timing.timing_sessions s using (timing_partner_id, session_key)
    join timing_partners p using (timing_partner_id)
    left join timing.timing_locations l
        on (l.timing_partner_id, l.timing_session_id, l.location)
         = (r.timing_partner_id, s.timing_session_id, r.location)
    left join ct_events e on (e.timing_partner_id, e.event_id) = (s.timing_partner_id, s.event_id)
    order by r.position
    on conflict (timing_partner_id, timing_session_id, location, sequence_number, content_key) do nothing
    returning 1
)
select count(*) from new;

-- name: note_received
-- Which sequence numbers each location has brought. A location that began to count anew begins its list anew.
with staged as (
    select r.timing_partner_id, s.timing_session_id, r.location, r.numbering, min(r.received_at) as appeared_at,
           range_agg(int4range(r.sequence_number, r.sequence_number + 1)) as received,
           max(r.sequence_number) as last_sequence, max(r.received_at) as last_received_at
    from stage_reads r
    join timing.timing_sessions s using (timing_partner_id, session_key)
    group by r.timing_partner_id, s.timing_session_id, r.location, r.numbering
),
newest as (
    select distinct on (timing_partner_id, timing_session_id, location) * from staged
    order by timing_partner_id, timing_session_id, location, numbering desc
)
insert into timing.timing_locations as known (
    timing_partner_id, timing_session_id, location, appeared_at, numbering, received, last_sequence, last_received_at)
select timing_partner_id, timing_session_id, location, appeared_at, numbering, received, last_sequence, last_received_at
from newest
on conflict (timing_partner_id, timing_session_id, location) do update set
    received = case when excluded.numbering = known.numbering then known.received + excluded.received
                    when excluded.numbering > known.numbering then excluded.received else known.received end,
    last_sequence = case when excluded.numbering = known.numbering
                             then greatest(known.last_sequence, excluded.last_sequence)
                         when excluded.numbering > known.numbering then excluded.last_sequence
                         else known.last_sequence end,
    numbering = greatest(known.numbering, excluded.numbering),
    last_received_at = greatest(known.last_received_at, excluded.last_received_at);

-- name: write_unread
-- Lines that are no read.
insert into timing.unread_lines (timing_partner_id, timing_session_id, reason, raw_line, source, received_at)
select u.timing_partner_id, s.timing_session_id, u.reason, u.raw_line, u.source, u.received_at
from stage_unread u
left join timing.timing_sessions s using (timing_partner_id, session_key)
on conflict do nothing;

-- name: stored_up_to
-- Up to where a spool is stored.
select segment, position from timing.spools where spool_id = %(spool_id)s;

-- name: note_stored
-- Remembers up to where a spool is stored.
insert into timing.spools (spool_id, host, segment, position)
values (%(spool_id)s, %(host)s, %(segment)s, %(position)s)
on conflict (spool_id) do update set
    host = excluded.host, segment = excluded.segment, position = excluded.position, updated_at = now();

-- name: tell_of_reads
-- Wakes whoever scores.
select pg_notify('project88_timing_reads', '');

-- name: open_sessions
-- Every session that a computer may come back to, with what its locations have brought.
select s.timing_partner_id, s.session_key, s.timing_session_id, s.session_name, s.timing_event_name, s.event_id,
       coalesce(s.time_zone, e.time_zone) as time_zone, p.time_zone as partner_time_zone,
       coalesce(s.timing_day, (e.start_date at time zone coalesce(s.time_zone, e.time_zone, p.time_zone))::date)
           as timing_day,
       coalesce((select json_agg(json_build_object(
           'location', l.location, 'numbering', l.numbering, 'time_zone', l.time_zone,
           'first_key', (
               select r.content_key::text from timing.timing_reads r
               where (r.timing_partner_id, r.timing_session_id, r.location, r.sequence_number, r.numbering)
                   = (l.timing_partner_id, l.timing_session_id, l.location, 1, l.numbering)
               order by r.timing_read_id desc limit 1),
           'received', (select json_agg(json_build_array(lower(r), upper(r) - 1)) from unnest(l.received) r)))
        from timing.timing_locations l
        where (l.timing_partner_id, l.timing_session_id) = (s.timing_partner_id, s.timing_session_id)), '[]')
           as locations
from timing.timing_sessions s
join timing_partners p using (timing_partner_id)
left join ct_events e on (e.timing_partner_id, e.event_id) = (s.timing_partner_id, s.event_id);

-- name: partner_zones
-- The time zone of each timing partner.
select timing_partner_id, time_zone from timing_partners;

-- name: sessions
-- The sessions of a partner, an event, or all.
select s.timing_partner_id, s.timing_session_id, s.session_name, s.timing_event_name, s.timing_event_id,
       s.connection_id, s.account, s.program, s.program_version, s.event_id, e.event_name, s.time_zone, s.timing_day,
       s.first_connected_at, s.last_connected_at, s.closed_at,
       link.opened_at as link_opened_at, link.closed_at as link_closed_at, link.address, link.clock_offset
from timing.timing_sessions s
left join ct_events e on (e.timing_partner_id, e.event_id) = (s.timing_partner_id, s.event_id)
left join lateral (
    select * from timing.timing_links l
    where (l.timing_partner_id, l.timing_session_id) = (s.timing_partner_id, s.timing_session_id)
    order by l.opened_at desc limit 1
) link on true
where (%(timing_partner_id)s::integer is null or s.timing_partner_id = %(timing_partner_id)s)
  and (%(timing_session_id)s::bigint is null or s.timing_session_id = %(timing_session_id)s)
  and (%(with_closed)s or s.closed_at is null)
order by s.timing_partner_id, s.timing_session_id;

-- name: locations
-- The locations of a session and which sequence numbers they lack.
select l.location, l.controller_id, l.time_zone, l.numbering, l.appeared_at, l.last_sequence, l.last_received_at,
       (select coalesce(sum(upper(r) - lower(r)), 0)::bigint from unnest(l.received) r) as received,
       (select coalesce(json_agg(json_build_array(lower(r), upper(r) - 1)), '[]')
        from unnest(case when l.last_sequence is null then '{}'::int4multirange
                         else int4multirange(int4range(1, l.last_sequence + 1)) - l.received end) r) as missing,
       (select max(t.read_time) from timing.timing_reads t
        where (t.timing_partner_id, t.timing_session_id, t.location, t.sequence_number)
            = (l.timing_partner_id, l.timing_session_id, l.location, l.last_sequence)) as last_read_time
from timing.timing_locations l
where l.timing_partner_id = %(timing_partner_id)s and l.timing_session_id = %(timing_session_id)s
order by l.appeared_at, l.location;

-- name: name_session
-- Gives a session a name.
update timing.timing_sessions set session_name = %(session_name)s
where timing_partner_id = %(timing_partner_id)s and timing_session_id = %(timing_session_id)s;

-- name: close_session
-- A closed session is no longer listed; a computer that comes back opens it again.
update timing.timing_sessions set closed_at = now()
where timing_partner_id = %(timing_partner_id)s and timing_session_id = %(timing_session_id)s and closed_at is null;

-- name: bind_session
-- Says which event the reads belong to: of this session, and of all of the same timing event that are not bound.
update timing.timing_sessions s set event_id = %(event_id)s
from timing.timing_sessions named
where named.timing_partner_id = %(timing_partner_id)s and named.timing_session_id = %(timing_session_id)s
  and s.timing_partner_id = named.timing_partner_id
  and (s.timing_session_id = named.timing_session_id
       or (s.event_id is null and s.closed_at is null and s.timing_event_id = named.timing_event_id
           and s.timing_event_name is not distinct from named.timing_event_name))
returning s.timing_session_id;

-- name: bind_key
-- Binds the session of files, which nobody has bound to another event.
update timing.timing_sessions set event_id = %(event_id)s
where timing_partner_id = %(timing_partner_id)s and session_key = %(session_key)s and event_id is null;

-- name: set_session_zone
-- The time zone of a computer's clock and the day its times count from.
update timing.timing_sessions set time_zone = coalesce(%(time_zone)s, time_zone),
    timing_day = coalesce(%(timing_day)s, timing_day)
where timing_partner_id = %(timing_partner_id)s and timing_session_id = %(timing_session_id)s;

-- name: set_location_zone
-- The time zone of one location.
update timing.timing_locations set time_zone = %(time_zone)s
where timing_partner_id = %(timing_partner_id)s and timing_session_id = %(timing_session_id)s
  and location = %(location)s;

-- name: move_reads
-- Reads of these sessions by the zones and the day that are known now; counts those that moved. A day moves only reads
-- whose day was assumed, and only as wall-clock time of day.
with told as (
    select t.timing_partner_id, t.timing_read_id,
           case when t.day_is_assumed and day.known is not null
                then day.known + (t.wall_time - date_trunc('day', t.wall_time)) else t.wall_time end as wall_time,
           coalesce(l.time_zone, s.time_zone, e.time_zone) as known_zone,
           coalesce(l.time_zone, s.time_zone, e.time_zone, p.time_zone) as zone,
           t.day_is_assumed and day.known is null as day_is_assumed
    from timing.timing_sessions s
    join timing_partners p using (timing_partner_id)
    join timing.timing_reads t using (timing_partner_id, timing_session_id)
    left join timing.timing_locations l using (timing_partner_id, timing_session_id, location)
    left join ct_events e on (e.timing_partner_id, e.event_id) = (s.timing_partner_id, s.event_id)
    cross join lateral (select coalesce(
        s.timing_day, (e.start_date at time zone coalesce(s.time_zone, e.time_zone, p.time_zone))::date) as known) day
    where s.timing_partner_id = %(timing_partner_id)s and s.timing_session_id = any (%(session_ids)s::bigint[])
      and t.wall_time is not null
),
moved as (
    update timing.timing_reads t set
        wall_time = told.wall_time, read_time = told.wall_time at time zone told.zone,
        zone_is_assumed = told.known_zone is null, day_is_assumed = told.day_is_assumed
    from told
    where (t.timing_partner_id, t.timing_read_id) = (told.timing_partner_id, told.timing_read_id)
      and (t.wall_time, t.read_time, t.zone_is_assumed, t.day_is_assumed)
          is distinct from (told.wall_time, told.wall_time at time zone told.zone, told.known_zone is null,
                            told.day_is_assumed)
      -- A zone that the listener assumed stays until somebody knows one.
      and not (told.known_zone is null and t.zone_is_assumed and t.day_is_assumed = told.day_is_assumed)
    returning 1
)
select count(*) from moved;

-- name: score_again
-- Lets these events be scored from their first read on.
insert into timing.scorings (timing_partner_id, event_id, is_stale)
select %(timing_partner_id)s, event_id, true from unnest(%(event_ids)s::text[]) events (event_id)
on conflict (timing_partner_id, event_id) do update set
    scoring_id = default, is_stale = true, anew_count = scorings.anew_count + 1;

-- name: unread_lines
-- The newest lines that are no read.
select u.timing_partner_id, u.timing_session_id, u.received_at, u.reason, u.raw_line
from timing.unread_lines u
where (%(timing_partner_id)s::integer is null or u.timing_partner_id = %(timing_partner_id)s)
order by u.received_at desc, u.unread_line_id desc limit %(most)s;

-- name: time_zone_exists
-- Whether PostgreSQL knows a time zone.
select exists (select from pg_timezone_names where name = %(time_zone)s);
