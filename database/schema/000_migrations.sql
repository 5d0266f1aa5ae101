-- Which files of database/ have run here. Each file ends by adding its own name.
-- The first statement of an install: an older server stops here, before anything is changed.
do $$
begin
    if current_setting('server_version_num')::integer < 150000 then
        raise exception using message = format(
            'This server is PostgreSQL %s. The hub needs 15 or newer; nothing was changed. docs/howto/upgrade.md has the'
            ' commands that move a database to a newer server.', current_setting('server_version'));
    end if;
end $$;

create table if not exists applied_migrations (
    name       text primary key,
    applied_at timestamptz not null default now(),
    sha256     text  -- written by `project88 db migrate`; null after a run by psql alone
);

insert into applied_migrations (name) values ('schema/000_migrations.sql') on conflict do nothing;
