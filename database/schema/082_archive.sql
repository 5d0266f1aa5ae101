-- What services said, as it came: every row that was staged, reading by reading, so that results can be made again.

create table if not exists raw_readings (
    timing_partner_id integer not null,
    raw_reading_id    bigint generated always as identity,
    event_id          text not null,
    data_source       text not null,
    sync_history_id   bigint,
    merges            jsonb not null,
    read_at           timestamptz not null default now(),
    primary key (timing_partner_id, raw_reading_id),
    constraint raw_reading_belongs_to_an_event
        foreign key (timing_partner_id, event_id) references ct_events on delete cascade
);
create index if not exists raw_readings_by_event on raw_readings (timing_partner_id, event_id, data_source);
comment on table raw_readings is
    'Readings of events that results rest on. One that a later, complete one replaces as a whole is not kept.';
comment on column raw_readings.merges is 'How its lists were merged: which were complete, and what they decided alone.';

create table if not exists raw_lists (
    timing_partner_id integer not null,
    raw_reading_id    bigint not null,
    list_no           integer not null,
    list_name         text not null,
    stream            text not null,
    row_count         integer not null,
    chunks            bytea[] not null,
    primary key (timing_partner_id, raw_reading_id, list_no),
    constraint raw_list_belongs_to_a_reading
        foreign key (timing_partner_id, raw_reading_id) references raw_readings on delete cascade,
    constraint raw_list_stream_is_known check (stream in ('course', 'participants', 'results'))
);
-- The chunks are compressed already.
alter table raw_lists alter column chunks set storage external;
comment on column raw_lists.chunks is 'JSON arrays of rows, each compressed by Zstandard.';

-- Where somebody removed the last row of a source from an event, what it said goes too. A replay puts the rows back.
create or replace function forget_readings() returns trigger
language plpgsql as $$
begin
    if coalesce(current_setting('project88.cause', true), '') <> 'replay' then
        delete from raw_readings r using (select distinct timing_partner_id, event_id, data_source from gone) g
        where (r.timing_partner_id, r.event_id, r.data_source) = (g.timing_partner_id, g.event_id, g.data_source)
          and not exists (
              select from ct_results o
              where (o.timing_partner_id, o.event_id, o.data_source) = (g.timing_partner_id, g.event_id, g.data_source))
          and not exists (
              select from ct_participants o
              where (o.timing_partner_id, o.event_id, o.data_source) = (g.timing_partner_id, g.event_id, g.data_source));
    end if;
    return null;
end $$;
create or replace trigger readings_go_with_their_results after delete on ct_results
    referencing old table as gone for each statement execute function forget_readings();
create or replace trigger readings_go_with_their_participants after delete on ct_participants
    referencing old table as gone for each statement execute function forget_readings();

insert into applied_migrations (name) values ('schema/082_archive.sql') on conflict do nothing;
