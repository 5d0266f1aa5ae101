-- Who of the long-running programs is alive, and what people were told of problems. Real time of the server, not hub time: an outage is real.

create table if not exists heartbeats (
    component  text not null,
    instance   text not null,
    host       text,
    pid        integer,
    started_at timestamptz not null default now(),
    beat_at    timestamptz not null default now(),
    details    jsonb not null default '{}',
    primary key (component, instance),
    constraint component_is_a_known_word check (component in ('planner', 'worker', 'listener'))
);
-- Earlier versions knew no listener.
alter table heartbeats drop constraint if exists component_is_a_known_word;
alter table heartbeats add constraint component_is_a_known_word check (component in ('planner', 'worker', 'listener'));
comment on table heartbeats is 'A row for each planner, worker and listener, renewed every 15 s and removed at an orderly end.';

create table if not exists alerts (
    problem    text primary key,
    check_name text not null,
    who        text not null,
    state      text not null,
    cause      text not null,
    remedy     text not null,
    since      timestamptz not null default now(),
    seen_at    timestamptz not null default now(),
    over_at    timestamptz,
    told_at    timestamptz,
    told_state text
);
comment on table alerts is 'Problems that people are told of. told_state is what they know; null: nothing, or that it is over.';

create table if not exists alert_messages (
    alert_message_id bigint generated always as identity primary key,
    sent_at          timestamptz not null default now(),
    channel          text not null,
    notices          integer not null,
    error_message    text
);
comment on table alert_messages is 'Messages of the last 30 days, also those that a channel did not take.';

insert into applied_migrations (name) values ('schema/080_monitor.sql') on conflict do nothing;
