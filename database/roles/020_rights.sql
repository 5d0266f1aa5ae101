-- What each role may do to the hub's objects. Objects that are not the hub's keep their owner and their rights.

do $$
declare
    statement text;
begin
    execute format('grant create, usage on schema %I, pgqueuer, timing to project88_owner', current_schema());
    execute format('grant usage on schema %I, pgqueuer, timing to project88_writer', current_schema());
    execute format('grant usage on schema %I, timing to project88_reader', current_schema());
    for statement in
        with ours (oid, kind) as (
            select c.oid, c.relkind from pg_class c
            where c.oid in (select to_regclass(table_name) from expected_columns()
                            union all select to_regclass(view_name) from expected_views())
            union all
            -- The plain name of our reads, where no legacy table has it.
            select c.oid, c.relkind from pg_class c
            where c.oid = to_regclass('timing_reads') and c.relkind = 'v'
              and pg_get_viewdef(c.oid) like '%timing.timing_reads%'
            union all
            select c.oid, c.relkind from pg_class c
            where c.relnamespace = 'pgqueuer'::regnamespace and c.relkind = 'r'
        ),
        sequences (sequence, owner, belongs_to_a_column) as (
            select s.oid::regclass, s.relowner, true from pg_class s
            join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = s.oid and d.deptype in ('a', 'i')
            where s.relkind = 'S' and d.refobjid in (select oid from ours)
            union
            select s.oid::regclass, s.relowner, false from pg_class s
            join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = s.oid
            join pg_attrdef f on d.classid = 'pg_attrdef'::regclass and d.objid = f.oid
            where s.relkind = 'S' and f.adrelid in (select oid from ours)
              and pg_get_serial_sequence(f.adrelid::regclass::text, (
                  select attname from pg_attribute where attrelid = f.adrelid and attnum = f.adnum)) is null
        )
        select format('alter %s %s owner to project88_owner', case kind when 'v' then 'view' else 'table' end,
                      ours.oid::regclass)
        from ours join pg_class c on c.oid = ours.oid where c.relowner <> 'project88_owner'::regrole
        union all
        select format('grant select%s on %s to project88_writer',
                      case kind when 'v' then '' else ', insert, update, delete' end, oid::regclass)
        from ours
        union all
        select format('grant usage, select, update on sequence %s to project88_writer', sequence) from sequences
        union all
        -- One that belongs to a column has its table's owner.
        select format('alter sequence %s owner to project88_owner', sequence) from sequences
        where not belongs_to_a_column and owner <> 'project88_owner'::regrole
    loop
        execute statement;
    end loop;
end $$;

-- Functions are the owner's as well; every role may call them, as far as the tables behind them are its to use.
do $$
declare
    statement text;
begin
    for statement in
        select format('alter function %s owner to project88_owner', p.oid::regprocedure) from pg_proc p
        where p.proowner <> 'project88_owner'::regrole
          and (p.oid in (select to_regprocedure(signature) from expected_functions())
               or p.pronamespace = 'pgqueuer'::regnamespace
               or p.pronamespace = current_schema()::regnamespace and p.proname ~ '^(expected_\w+|schema_problems)$')
        union all
        select format('alter type %s owner to project88_owner', t.oid::regtype) from pg_type t
        where t.typowner <> 'project88_owner'::regrole and t.typnamespace = 'pgqueuer'::regnamespace and t.typtype = 'e'
    loop
        execute statement;
    end loop;
    revoke execute on function published_partners(), shown_display(bytea), note_displays_seen(bytea[]) from public;
    grant execute on function published_partners(), shown_display(bytea), note_displays_seen(bytea[])
        to project88_writer, project88_reader;
    revoke execute on function refresh_statistics() from public;
    grant execute on function refresh_statistics() to project88_writer;
end $$;

-- The reader sees the columns that the programs use: a legacy table may have others with passwords. It sees no login,
-- no user and nothing of what users do, no display that it was not given, and no table that tells of all partners or of the machine.
do $$
declare
    statement text;
begin
    for statement in
        select format('grant select (%s) on %s to project88_reader',
                      (select string_agg(quote_ident(split_part(said, ' ', 1)), ', ')
                       from string_to_table(e.columns, ', ') said), to_regclass(e.table_name))
        from expected_columns() e
        where e.table_name not in ('partner_provider_credentials', 'partner_provider_accounts', 'alerts',
                                   'alert_messages', 'backups', 'heartbeats', 'timing.spools', 'api_tokens',
                                   'webhooks', 'project88_users', 'user_sessions', 'login_failures', 'user_actions',
                                   'displays')
        union all
        select format('grant select on %s to project88_reader', to_regclass(view_name)) from expected_views()
        union all
        select format('grant select on %s to project88_reader', c.oid::regclass) from pg_class c
        where c.oid = to_regclass('timing_reads') and c.relkind = 'v'
          and pg_get_viewdef(c.oid) like '%timing.timing_reads%'
    loop
        execute statement;
    end loop;
end $$;
