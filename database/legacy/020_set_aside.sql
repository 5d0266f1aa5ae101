-- Sets the tables of a legacy database aside, so that the schema files make ours; legacy/040_take_shape.sql brings them
-- back. Views that stand on them are written down and dropped until legacy/090_finish.sql.

do $do$
begin
    if to_regnamespace('project88_legacy') is null then
        return;
    end if;
    execute $tools$

create table project88_legacy.converted (name text primary key, relation oid not null, rows_before bigint);
create table project88_legacy.saved_views (
    position integer generated always as identity, schema_name text, name text, kind text, owner text, definition text,
    options text[], description text, extras text[], privileges text[]);

create function project88_legacy.kind_word(kind "char") returns text language sql immutable
return case kind when 'v' then 'a view' when 'm' then 'a materialized view' when 'p' then 'a partitioned table'
                 when 'f' then 'a foreign table' when 'r' then 'a table' else 'another kind of object' end;

-- Stops at an object of one of our names that is not what a legacy database has under it.
create function project88_legacy.refuse_what_stands_in_the_way() returns void language plpgsql as $$
declare
    it record;
begin
    select n.name, c.relkind, c.relkind in ('v', 'm', 'r') as could_be_renamed into it
    from project88_legacy.our_names n
    join pg_class c on c.relname = n.name and c.relnamespace = current_schema()::regnamespace
    where (n.name like 'unified%' and c.relkind not in ('v', 'm')) or (n.name not like 'unified%' and c.relkind <> 'r')
       or exists (select from pg_inherits i where c.oid in (i.inhrelid, i.inhparent))
    limit 1;
    if found then
        raise exception using message = format(E'%s stands in the way: it is %s or has parts.\n'
            'Rename it (alter ... %s rename to old_%s) and run again.',
            it.name, project88_legacy.kind_word(it.relkind), it.name, it.name);
    end if;
    select n.name, c.relnamespace::regnamespace as schema_name into it
    from project88_legacy.our_names n
    join pg_class c on c.oid = to_regclass(n.name)
    where c.relnamespace <> current_schema()::regnamespace
    limit 1;
    if found then
        raise exception using message = format(E'%s stands in the schema %s, but new tables would be made in %s.\n'
            'Put that schema first in search_path and run again.', it.name, it.schema_name, current_schema());
    end if;
    select n.name, pg_get_userbyid(c.relowner) as owner into it
    from project88_legacy.our_names n
    join pg_class c on c.relname = n.name and c.relnamespace = current_schema()::regnamespace
    where not pg_has_role(c.relowner, 'usage')
    limit 1;
    if found then
        raise exception using message = format(E'%s belongs to %s, and only its owner may change it.\n'
            'Run this as %s (or: alter table %s owner to %I) and run again.',
            it.name, it.owner, it.owner, it.name, current_user);
    end if;
end $$;

-- What an owner has set on a view besides its query: indexes, triggers, privileges.
create function project88_legacy.extras_of(relation oid) returns text[] language sql stable
begin atomic
    select coalesce(array_agg(statement), '{}') from (
        select pg_get_indexdef(indexrelid) as statement from pg_index where indrelid = relation
        union all
        select pg_get_triggerdef(oid) from pg_trigger where tgrelid = relation and not tgisinternal) as made;
end;

create function project88_legacy.privileges_of(relation oid) returns text[] language sql stable
begin atomic
    select coalesce(array_agg(format('grant %s on %s to %s%s', g.privilege_type, relation::regclass,
            case when g.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(g.grantee)) end,
            case when g.is_grantable then ' with grant option' else '' end)), '{}')
    from pg_class c, aclexplode(c.relacl) g
    where c.oid = relation and g.grantee <> c.relowner;
end;

-- Writes down every view that stands on one of our tables or views and is not ours itself, the lowest first.
create function project88_legacy.save_views() returns void language sql
begin atomic
    insert into project88_legacy.saved_views
        (schema_name, name, kind, owner, definition, options, description, extras, privileges)
    with recursive standing (relation, depth) as (
        select c.oid, 0 from pg_class c
        join project88_legacy.our_names n on n.name = c.relname
        where c.relnamespace = current_schema()::regnamespace
        union
        select r.ev_class, s.depth + 1
        from standing s
        join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = s.relation
        join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
        where r.ev_class <> s.relation
    )
    select c.relnamespace::regnamespace::text, quote_ident(c.relname),
           case c.relkind when 'm' then 'materialized view' else 'view' end,
           quote_ident(pg_get_userbyid(c.relowner)), pg_get_viewdef(c.oid), c.reloptions,
           obj_description(c.oid, 'pg_class'), project88_legacy.extras_of(c.oid), project88_legacy.privileges_of(c.oid)
    from (select relation, max(depth) as depth from standing group by relation) s
    join pg_class c on c.oid = s.relation
    where c.relkind in ('v', 'm')
      and not (c.relnamespace = current_schema()::regnamespace
               and c.relname in (select name from project88_legacy.our_names))
    order by s.depth, c.oid;
end;

-- The unified views are ours and are made anew; so is the function.
create function project88_legacy.drop_views_and_functions() returns void language plpgsql as $$
declare
    statement text;
begin
    for statement in
        select format('drop %s %s.%s', kind, schema_name, name) from project88_legacy.saved_views order by position desc
    loop
        execute statement;
    end loop;
    for statement in
        select format('drop %s %s', case c.relkind when 'm' then 'materialized view' else 'view' end, c.oid::regclass)
        from pg_class c
        where c.relnamespace = current_schema()::regnamespace and c.relname like 'unified%'
          and c.relname in (select name from project88_legacy.our_names)
        union all
        select format('drop routine %s', oid::regprocedure) from pg_proc
        where pronamespace = current_schema()::regnamespace and proname = 'check_duplicate_chronotrack_event'
    loop
        execute statement;
    end loop;
end $$;

create function project88_legacy.move_tables() returns void language plpgsql as $$
declare
    it record;
begin
    for it in
        select c.oid, c.relname from pg_class c
        join project88_legacy.our_names n on n.name = c.relname
        where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
    loop
        execute format('lock table %I in access exclusive mode', it.relname);
        insert into project88_legacy.converted (name, relation) values (it.relname, it.oid);
        execute format('update project88_legacy.converted set rows_before = (select count(*) from %I) where name = %L',
                       it.relname, it.relname);
        execute format('alter table %I set schema project88_legacy', it.relname);
    end loop;
end $$;

$tools$;
    perform project88_legacy.refuse_what_stands_in_the_way();
    perform project88_legacy.save_views();
    perform project88_legacy.drop_views_and_functions();
    perform project88_legacy.move_tables();
end $do$;

insert into applied_migrations (name) values ('legacy/020_set_aside.sql') on conflict do nothing;
