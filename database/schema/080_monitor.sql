-- Who of the long-running programs is alive. Real time of the server, not hub time: an outage is real.

create table if not exists heartbeats (
    component  text not null,
    instance   text not null,
    host       text,
    pid        integer,
    started_at timestamptz not null default now(),
    beat_at    timestamptz not null default now(),
    details    jsonb not null default '{}',
    primary key (component, instance),
    constraint component_is_a_known_word check (component in ('planner', 'worker'))
);
comment on table heartbeats is 'A row for each planner and worker, renewed every 15 s and removed at an orderly end.';

insert into applied_migrations (name) values ('schema/080_monitor.sql') on conflict do nothing;
