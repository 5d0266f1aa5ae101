-- What each attempt did, what could not be read, and what waits for a person.

create table if not exists sync_history (
    sync_history_id     bigint generated always as identity,
    timing_partner_id   integer not null references timing_partners,
    provider_id         integer references providers,
    event_id            text,
    provider_event_id   text,
    sync_type           text not null,
    status              text not null,
    reason              text,
    events_synced       integer not null default 0,
    participants_synced integer not null default 0,
    results_synced      integer not null default 0,
    records_processed   integer generated always as (events_synced + participants_synced + results_synced) stored,
    rows_written        integer not null default 0,
    rows_retracted      integer not null default 0,
    rows_quarantined    integer not null default 0,
    api_calls           integer not null default 0,
    error_message       text,
    started_at          timestamptz default now(),
    sync_time           timestamptz default now(),
    duration_seconds    double precision,
    due_at              timestamptz,
    primary key (timing_partner_id, sync_history_id),
    constraint sync_type_is_a_known_word
        check (sync_type in ('discovery', 'participants', 'results', 'backfill', 'verification', 'other')),
    constraint sync_status_is_a_known_word
        check (status in ('running', 'completed', 'partial', 'failed', 'skipped'))
);
comment on column sync_history.provider_id is 'Null only in rows of a legacy database that named no provider.';
comment on column sync_history.sync_type is 'other: what an attempt of a legacy database was, when it was none of the rest.';
comment on column sync_history.sync_time is 'The end of the attempt; null while it runs.';
comment on column sync_history.results_synced is 'Rows seen; rows_written counts those that changed.';
comment on column sync_history.due_at is 'The planned instant a poll stands for, in hub time; null for any other attempt.';
create index if not exists sync_history_by_event
    on sync_history (timing_partner_id, provider_id, event_id, sync_type, sync_time desc);
create index if not exists sync_history_by_time on sync_history (timing_partner_id, sync_time desc);

create table if not exists quarantine (
    quarantine_id     bigint generated always as identity,
    timing_partner_id integer not null references timing_partners,
    provider_id       integer not null references providers,
    provider_event_id text not null,
    stream            text not null,
    reason            text not null,
    raw_text          text not null,
    raw_sha256        bytea not null,
    created_at        timestamptz not null default now(),
    primary key (timing_partner_id, quarantine_id),
    constraint quarantined_row_is_known_once
        unique (timing_partner_id, provider_id, provider_event_id, stream, raw_sha256)
);

create table if not exists held_retractions (
    held_retraction_id bigint generated always as identity,
    timing_partner_id  integer not null,
    event_id           text not null,
    data_source        text not null,
    stream             text not null,
    keys               text[] not null,
    rows_before        integer not null,
    state              text not null default 'held',
    created_at         timestamptz not null default now(),
    decided_at         timestamptz,
    primary key (timing_partner_id, held_retraction_id),
    constraint held_retraction_belongs_to_an_event
        foreign key (timing_partner_id, event_id) references ct_events on delete cascade,
    constraint held_retraction_stream_is_known check (stream in ('participants', 'results')),
    constraint held_retraction_state_is_known
        check (state in ('held', 'applied', 'dismissed', 'returned'))
);
comment on column held_retractions.keys is 'Entry ids, for results race id and entry id with a slash between.';
create unique index if not exists one_open_retraction_per_stream
    on held_retractions (timing_partner_id, event_id, data_source, stream) where state in ('held', 'dismissed');

-- The page digests of each list when it was last read completely. Equal digests mean an equal list, as long as
-- the event still holds as many visible rows as then. Row digests tell which rows of a changed list are new or gone.
create table if not exists collected_lists (
    timing_partner_id integer not null,
    event_id          text not null,
    data_source       text not null,
    list_name         text not null,
    rules_version     integer not null,
    page_size         integer not null,
    row_count         integer not null,
    stored_rows       integer not null,
    page_digests      bytea[] not null,
    row_digests       bytea,
    collected_at      timestamptz not null default now(),
    primary key (timing_partner_id, event_id, data_source, list_name),
    constraint collected_list_belongs_to_an_event
        foreign key (timing_partner_id, event_id) references ct_events on delete cascade
);
-- Digests do not compress.
alter table collected_lists alter column row_digests set storage external;
comment on column collected_lists.row_digests is
    'XXH3 of each row in the order of the list, then whose each row is; 64 bits each, little endian.';

insert into applied_migrations (name) values ('schema/030_sync.sql') on conflict do nothing;
