-- What registration systems say besides: who was removed and why, which row of a list an entry is, and since when we know.

alter table ct_participants add column if not exists listed_as text;
alter table ct_participants add column if not exists listing_digest bigint;
alter table ct_participants add column if not exists removed_reason text;
alter table ct_participants add column if not exists successor_entry_id text;
comment on column ct_participants.listed_as is
    'The row of the provider''s list that the entry comes from, where entries are asked for one by one.';
comment on column ct_participants.listing_digest is 'Of that row when the entry was asked for; null: it must be asked for.';
comment on column ct_participants.removed_reason is
    'The provider''s own word for why the entry is none any more; null where it only stopped to show it.';
comment on column ct_participants.successor_entry_id is 'The entry that took its place, after a transfer.';
alter table ct_results add column if not exists own_status text;
comment on column ct_results.own_status is
    'The status that the source''s row of the result says itself; null where it follows from times and the entry.';
create index if not exists ct_participants_by_listing
    on ct_participants (timing_partner_id, event_id, data_source, listed_as) where listed_as is not null;

create table if not exists entry_readings (
    timing_partner_id integer not null,
    event_id          text not null,
    data_source       text not null,
    changes_read_from timestamptz not null,
    all_read_from     timestamptz not null,
    stored_rows       integer not null,
    listing           text[],
    refreshed_to      text,
    primary key (timing_partner_id, event_id, data_source),
    constraint entry_reading_belongs_to_an_event
        foreign key (timing_partner_id, event_id) references ct_events on delete cascade
);
comment on table entry_readings is 'Since when changes of the entries of an event must be asked for. Hub time.';
comment on column entry_readings.changes_read_from is
    'When the last complete reading of entries began. A reading that fails or is partial does not move it.';
comment on column entry_readings.all_read_from is 'When the last complete reading of all entries began.';
comment on column entry_readings.stored_rows is 'How many entries were shown after it. Where they are not as many, all are read.';
comment on column entry_readings.refreshed_to is 'The last row of it whose entry was asked for in turn.';
comment on column entry_readings.listing is 'The rows of the list in their order, where entries are asked for one by one.';

alter table collected_lists add column if not exists stream text;
comment on column collected_lists.stream is 'Whose stored rows are counted. Null: of an earlier version, so that it is read anew.';

insert into applied_migrations (name) values ('schema/084_registration.sql') on conflict do nothing;
