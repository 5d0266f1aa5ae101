-- The three roles, which belong to the server and not to one database. Nobody logs in as one of them.

do $$
begin
    if to_regprocedure('expected_columns()') is null then
        raise exception 'The hub''s tables are not here yet: run database/install.sql first.';
    end if;
end $$;

-- Two databases of a server may do this at once: what the other one made first is as good.
do $$
declare
    role_name text;
begin
    foreach role_name in array array['project88_owner', 'project88_writer', 'project88_reader'] loop
        begin
            if to_regrole(role_name) is null then
                execute format('create role %I nologin', role_name);
            end if;
        exception when duplicate_object or unique_violation then
            null;
        end;
    end loop;
end $$;

-- Whoever owned the hub's tables until now goes on as a member.
do $$
declare
    login record;
begin
    for login in
        select distinct r.rolname from pg_class c join pg_roles r on r.oid = c.relowner
        where c.oid in (select to_regclass(table_name) from expected_columns())
          and not r.rolsuper and r.rolname <> 'project88_owner' and not pg_has_role(r.oid, 'project88_owner', 'usage')
    loop
        execute format('grant project88_owner to %I', login.rolname);
    end loop;
end $$;
