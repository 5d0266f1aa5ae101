-- Which files of database/ have run here. Each file ends by adding its own name.
create table if not exists applied_migrations (
    name       text primary key,
    applied_at timestamptz not null default now(),
    sha256     text  -- written by `project88 db migrate`; null after a run by psql alone
);

insert into applied_migrations (name) values ('schema/000_migrations.sql') on conflict do nothing;
