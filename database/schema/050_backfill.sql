-- The plan and the progress of each backfill run, so that a killed run can go on.

create table if not exists backfill_runs (
    backfill_run_id   bigint generated always as identity,
    timing_partner_id integer not null references timing_partners,
    provider_id       integer not null references providers,
    account_name      text not null default '',
    since             timestamptz not null,
    limit_events      integer,
    started_at        timestamptz not null default now(),
    finished_at       timestamptz,
    primary key (timing_partner_id, backfill_run_id)
);
comment on column backfill_runs.account_name is 'The account whose events the run collects; empty for the main one.';
comment on column backfill_runs.finished_at is 'Null while an event of the run is planned, failed or partial.';

create table if not exists backfill_events (
    timing_partner_id integer not null,
    backfill_run_id   bigint not null,
    provider_event_id text not null,
    event_name        text,
    calls_planned     integer not null,
    rows_planned      integer,
    state             text not null default 'planned',
    reason            text,
    finished_at       timestamptz,
    primary key (timing_partner_id, backfill_run_id, provider_event_id),
    constraint backfill_event_belongs_to_a_run
        foreign key (timing_partner_id, backfill_run_id) references backfill_runs on delete cascade,
    constraint backfill_event_state_is_known
        check (state in ('planned', 'completed', 'partial', 'failed', 'skipped'))
);
comment on column backfill_events.rows_planned is 'Null where the service did not say how many rows there are.';

insert into applied_migrations (name) values ('schema/050_backfill.sql') on conflict do nothing;
