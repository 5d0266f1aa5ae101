-- The plan: one row per thing that is asked for again and again, with its next due time. A person may read and edit it.

create table if not exists schedule_plan (
    schedule_plan_id   bigint generated always as identity,
    timing_partner_id  integer not null references timing_partners,
    provider_id        integer not null references providers,
    kind               text not null,
    event_id           text,
    account_name       text not null default '',
    discovery_of       text generated always as (case when event_id is null then account_name end) stored,
    state              text not null default 'waiting',
    state_since        timestamptz not null default now(),
    planned_due        timestamptz,
    next_due           timestamptz,
    phase              text,
    lane               text not null default 'routine',
    every              interval,
    reason             text,
    token              uuid,
    worker             text,
    starts             integer not null default 0,
    failures           integer not null default 0,
    polls              bigint not null default 0,
    missed             bigint not null default 0,
    last_due           timestamptz,
    last_started_at    timestamptz,
    last_finished_at   timestamptz,
    last_late          interval,
    last_status        text,
    last_error         text,
    row_counts         jsonb,
    last_full_calls    integer,
    last_full_seconds  double precision,
    primary key (timing_partner_id, schedule_plan_id),
    constraint plan_has_one_row_per_poll unique nulls not distinct
        (timing_partner_id, provider_id, kind, event_id, discovery_of),
    constraint plan_kind_is_known check (kind in ('results', 'participants', 'discovery')),
    constraint plan_state_is_known check (state in ('waiting', 'queued', 'running', 'parked', 'ended')),
    constraint plan_is_of_an_event_unless_discovery check ((event_id is null) = (kind = 'discovery')),
    constraint plan_belongs_to_an_event
        foreign key (timing_partner_id, event_id) references ct_events on delete cascade
);
comment on table schedule_plan is 'Due times are hub time; state_since is the server''s. See docs/howto/schedule.md.';
comment on column schedule_plan.account_name is
    'The account that asks; empty for the main one. Of an event it follows ct_events when a poll begins.';
comment on column schedule_plan.discovery_of is 'Each account has a row for its own list of events; an event has one of a kind.';
comment on column schedule_plan.planned_due is 'The regular beat that the next poll stands for; next_due is later for a retry, and after a poll that outlasted its beat.';
comment on column schedule_plan.starts is 'How often the poll that is due now was begun; a poll that keeps killing its worker is parked.';
comment on column schedule_plan.token is 'Of the worker that runs the poll; a worker that lost it may store nothing.';
comment on column schedule_plan.missed is 'Beats that could not run and were collapsed into a later one.';
create index if not exists schedule_plan_due on schedule_plan (next_due) where state = 'waiting';
create index if not exists schedule_plan_active on schedule_plan (timing_partner_id, provider_id)
    where state in ('queued', 'running');

-- Which account of a partner an event is asked with, where the partner has several with a provider.
alter table ct_events add column if not exists account_name text;
alter table ct_events add column if not exists unlisted_since timestamptz;
alter table sync_history add column if not exists account_name text not null default '';
comment on column ct_events.account_name is
    'The first account whose list of events has it; empty for the main one. Null: none yet, the main one asks.';
comment on column ct_events.unlisted_since is
    'Since when that account''s list no longer has it; another account whose list does takes it over. Else null.';
comment on column sync_history.account_name is 'The account that was used; empty for the main one.';

-- The events of an account that is gone, or has another name now, are asked with the main one until a list has them.
create or replace function free_events_of_login() returns trigger
language plpgsql as $$
begin
    update ct_events e set account_name = null, unlisted_since = null
    from providers v
    where v.provider_id = old.provider_id and e.timing_partner_id = old.timing_partner_id and e.data_source = v.key
      and e.account_name = coalesce(to_jsonb(old) ->> 'account_name', '');
    return null;
end $$;

create or replace trigger login_that_is_gone_frees_its_events after delete on partner_provider_credentials
    for each row execute function free_events_of_login();
create or replace trigger account_that_is_gone_frees_its_events after delete on partner_provider_accounts
    for each row execute function free_events_of_login();
create or replace trigger account_that_is_renamed_frees_its_events after update on partner_provider_accounts
    for each row when ((old.timing_partner_id, old.provider_id, old.account_name)
                       is distinct from (new.timing_partner_id, new.provider_id, new.account_name))
    execute function free_events_of_login();

-- What the planner must look at again. Filled by triggers; null means all of it.
create table if not exists schedule_changes (
    schedule_change_id bigint generated always as identity primary key,
    timing_partner_id  integer,
    event_id           text,
    noted_at           timestamptz not null default now()
);

create or replace function note_schedule_change() returns trigger
language plpgsql as $$
begin
    insert into schedule_changes (timing_partner_id, event_id)
    values (new.timing_partner_id, (to_jsonb(new) ->> 'event_id'));
    perform pg_notify('project88_plan', '');
    return null;
end $$;

create or replace function note_schedule_rule_change() returns trigger
language plpgsql as $$
begin
    insert into schedule_changes default values;
    perform pg_notify('project88_plan', '');
    return null;
end $$;

create or replace trigger event_is_planned after insert on ct_events
    for each row execute function note_schedule_change();
create or replace trigger event_is_planned_anew after update on ct_events
    for each row when ((old.start_date, old.end_date, old.time_zone, old.upstream_state, old.retracted_at,
                        old.provider_event_id, coalesce(old.account_name, ''))
                       is distinct from (new.start_date, new.end_date, new.time_zone, new.upstream_state,
                                         new.retracted_at, new.provider_event_id, coalesce(new.account_name, '')))
    execute function note_schedule_change();
create or replace trigger race_start_is_planned after insert on ct_races
    for each row when (new.actual_start is not null) execute function note_schedule_change();
create or replace trigger race_start_is_planned_anew after update on ct_races
    for each row when ((old.planned_start, old.actual_start, old.retracted_at)
                       is distinct from (new.planned_start, new.actual_start, new.retracted_at))
    execute function note_schedule_change();
create or replace trigger login_is_planned after insert on partner_provider_credentials
    for each row execute function note_schedule_change();
create or replace trigger login_is_planned_anew after update on partner_provider_credentials
    for each row when ((old.principal, old.secret, old.additional_config)
                       is distinct from (new.principal, new.secret, new.additional_config)
                       and coalesce(current_setting('project88.same_login', true), '') <> 'on')
    execute function note_schedule_change();
create or replace trigger account_is_planned after insert on partner_provider_accounts
    for each row execute function note_schedule_change();
create or replace trigger account_is_planned_anew after update on partner_provider_accounts
    for each row when ((old.account_name, old.principal, old.secret, old.additional_config)
                       is distinct from (new.account_name, new.principal, new.secret, new.additional_config)
                       and coalesce(current_setting('project88.same_login', true), '') <> 'on')
    execute function note_schedule_change();
create or replace trigger cadence_is_planned_anew after insert or update or delete on cadence_rules
    for each statement execute function note_schedule_rule_change();

insert into applied_migrations (name) values ('schema/070_schedule.sql') on conflict do nothing;
