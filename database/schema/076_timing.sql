-- What timing computers told, in a schema of its own: a legacy database may have tables of these names, which stay as
-- they are. Real time of the server and the hub's machine, not hub time: a read is real.

-- "if not exists" asks for the right to make one even where it exists.
do $$
begin
    if to_regnamespace('timing') is null then
        create schema timing;
    end if;
end $$;

create table if not exists timing.timing_sessions (
    timing_partner_id  integer not null references timing_partners,
    timing_session_id  bigint generated always as identity,
    session_key        text not null,
    session_name       text,
    event_id           text,
    time_zone          text,
    timing_day         date,
    account            text,
    program            text,
    program_version    text,
    connection_id      text,
    timing_event_id    text,
    timing_event_name  text,
    description        text,
    first_connected_at timestamptz not null default now(),
    last_connected_at  timestamptz,
    closed_at          timestamptz,
    primary key (timing_partner_id, timing_session_id),
    constraint timing_session_is_known_once unique (timing_partner_id, session_key),
    constraint timing_session_time_zone_exists
        check (time_zone is null or (timestamptz 'epoch' at time zone time_zone) is not null),
    constraint timing_session_is_bound_to_an_event
        foreign key (timing_partner_id, event_id) references ct_events on delete set null (event_id)
);
comment on column timing.timing_sessions.session_key is 'What tells computers and their events apart; a computer that comes back has the same.';
comment on column timing.timing_sessions.event_id is 'The event of ours that the reads belong to; null until somebody binds the session.';
comment on column timing.timing_sessions.time_zone is 'Of the computer''s clock; null: the event''s, else the one of the listener or the partner, which is assumed.';
comment on column timing.timing_sessions.timing_day is 'Where times count from its midnight; null: the event''s day, else the day on which they came, which is assumed.';
create index if not exists timing_sessions_by_event on timing.timing_sessions (timing_partner_id, event_id);

create table if not exists timing.timing_links (
    timing_partner_id integer not null,
    link_id           text not null,
    timing_session_id bigint not null,
    address           text not null,
    opened_at         timestamptz not null,
    closed_at         timestamptz,
    reason            text,
    reads             bigint not null default 0,
    clock_offset      interval,
    primary key (timing_partner_id, link_id),
    constraint timing_link_belongs_to_a_session
        foreign key (timing_partner_id, timing_session_id) references timing.timing_sessions on delete cascade
);
comment on column timing.timing_links.clock_offset is 'How far the computer''s clock was ahead, by the reads that came at once; null: none did.';
create index if not exists timing_links_by_session on timing.timing_links (timing_partner_id, timing_session_id, opened_at);

create table if not exists timing.timing_locations (
    timing_partner_id  integer not null,
    timing_session_id  bigint not null,
    location           text not null,
    time_zone          text,
    controller_id      text,
    raw_line           text,
    appeared_at        timestamptz not null,
    numbering          integer not null default 1,
    received           int4multirange not null default '{}',
    last_sequence      integer,
    last_received_at   timestamptz,
    primary key (timing_partner_id, timing_session_id, location),
    constraint timing_location_time_zone_exists
        check (time_zone is null or (timestamptz 'epoch' at time zone time_zone) is not null),
    constraint timing_location_belongs_to_a_session
        foreign key (timing_partner_id, timing_session_id) references timing.timing_sessions on delete cascade
);
comment on column timing.timing_locations.received is 'The sequence numbers that are stored, of the present numbering.';
comment on column timing.timing_locations.numbering is 'How often the computer has begun to count at 1.';

create table if not exists timing.timing_reads (
    timing_partner_id integer not null,
    timing_read_id    bigint generated always as identity,
    timing_session_id bigint not null,
    kind              text not null,
    location          text not null,
    sequence_number   integer not null,
    numbering         integer not null,
    tag_code          text,
    read_time         timestamptz not null,
    wall_time         timestamp,
    zone_is_assumed   boolean not null,
    day_is_assumed    boolean not null,
    reader_id         text not null,
    gator_number      integer,
    lap_count         integer,
    content_key       bigint not null,
    source            text not null,
    raw_line          text not null,
    received_at       timestamptz not null,
    created_at        timestamptz not null default clock_timestamp(),
    primary key (timing_partner_id, timing_read_id),
    constraint read_is_kept_once
        unique (timing_partner_id, timing_session_id, location, sequence_number, content_key),
    constraint kind_is_a_known_word check (kind in ('read', 'guntime')),
    constraint source_is_a_known_word check (source in ('stream', 'file')),
    constraint read_belongs_to_a_session
        foreign key (timing_partner_id, timing_session_id) references timing.timing_sessions on delete cascade
);
comment on table timing.timing_reads is 'Every read for ever. What is believed of it stands in read_statuses.';
comment on column timing.timing_reads.tag_code is 'The chip''s code, with ChronoTrack the bib; null for a gun time.';
comment on column timing.timing_reads.wall_time is 'What the computer''s clock showed; null where it told an instant.';
comment on column timing.timing_reads.content_key is 'A hash of what was read, free of day, zone and line format: a file and a stream give the same one.';

create table if not exists timing.unread_lines (
    timing_partner_id integer not null references timing_partners,
    unread_line_id    bigint generated always as identity,
    timing_session_id bigint,
    reason            text not null,
    raw_line          text not null,
    line_key          bigint not null generated always as (hashtextextended(raw_line, 88)) stored,
    source            text not null,
    received_at       timestamptz not null,
    primary key (timing_partner_id, unread_line_id),
    constraint unread_line_is_kept_once unique nulls not distinct (timing_partner_id, timing_session_id, line_key)
);
comment on table timing.unread_lines is 'Lines that are no read, kept as they came with the reason; one that a session sends again is kept once.';

create table if not exists timing.spools (
    spool_id   text primary key,
    host       text not null,
    segment    bigint not null,
    position   bigint not null,
    updated_at timestamptz not null default now()
);
comment on table timing.spools is 'Up to where each listener''s spool is stored. Written in the transaction that stores the reads.';

-- Under their plain name, where no legacy table has it.
do $$
begin
    if to_regclass(quote_ident(current_schema()) || '.timing_reads') is null then
        create view timing_reads with (security_invoker = true) as select * from timing.timing_reads;
    end if;
end $$;

insert into applied_migrations (name) values ('schema/076_timing.sql') on conflict do nothing;
