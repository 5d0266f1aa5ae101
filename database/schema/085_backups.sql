-- Copies of the whole database: which there are, and whether each could be read back. See docs/howto/roll-back.md.

create table if not exists backups (
    backup_id     bigint generated always as identity primary key,
    file_name     text not null,
    started_at    timestamptz not null default now(),
    finished_at   timestamptz,
    size_bytes    bigint,
    sha256        text,
    verified_at   timestamptz,
    verified_by   text,
    status        text not null default 'running',
    error_message text,
    constraint backup_status_is_a_known_word check (status in ('running', 'completed', 'failed')),
    constraint backup_was_verified_in_a_known_way check (verified_by in ('restore', 'reading'))
);
comment on column backups.file_name is 'The whole path on the machine that made it.';
comment on column backups.sha256 is 'Of the file; for a folder of the names and contents of its files.';
comment on column backups.verified_by is
    'restore: put back into a scratch database, where each table had its rows. reading: read to its end only.';
create index if not exists backups_by_time on backups (started_at desc);

insert into applied_migrations (name) values ('schema/085_backups.sql') on conflict do nothing;
