-- Reads the tables that the schema files have just made as the model, drops them, and brings the legacy tables back.
-- Brings also what gives a legacy table the columns, constraints and indexes of the model. Legacy columns that we do not
-- use stay, without NOT NULL and without a default.

do $do$
begin
    if to_regnamespace('project88_legacy') is null then
        return;
    end if;
    execute $tools$

-- The model: what the schema files made.

create table project88_legacy.model_columns (
    table_name text, column_name text, position integer, type_name text, is_required boolean, default_text text,
    identity_kind text, is_generated boolean, description text, primary key (table_name, column_name));
create table project88_legacy.model_constraints (
    table_name text, name text, kind "char", definition text, is_of_converted boolean);
create table project88_legacy.model_indexes (table_name text, name text, statement text);
create table project88_legacy.model_tables (table_name text, description text, options text[]);
create table project88_legacy.model_providers as select * from providers;
create table project88_legacy.old_provider_names as
select project88_legacy.column_type('providers', 'provider_id') is null as was_id,
       project88_legacy.column_type('providers', 'name') is null as was_provider_name;

create function project88_legacy.note_model() returns void language sql
begin atomic
    insert into project88_legacy.model_tables
    select t.name, obj_description(c.oid, 'pg_class'), c.reloptions
    from project88_legacy.converted t
    join pg_class c on c.relname = t.name and c.relnamespace = current_schema()::regnamespace;
    insert into project88_legacy.model_columns
    select t.name, a.attname, a.attnum, format_type(a.atttypid, a.atttypmod), a.attnotnull,
           pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated <> '', col_description(c.oid, a.attnum)
    from project88_legacy.converted t
    join pg_class c on c.relname = t.name and c.relnamespace = current_schema()::regnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum;
    insert into project88_legacy.model_constraints
    select c.relname, k.conname, k.contype, pg_get_constraintdef(k.oid), own.name is not null
    from pg_constraint k
    join pg_class c on c.oid = k.conrelid and c.relnamespace = current_schema()::regnamespace
    left join project88_legacy.converted own on own.name = c.relname
    left join pg_class r on r.oid = k.confrelid and r.relnamespace = c.relnamespace
    left join project88_legacy.converted target on target.name = r.relname
    where k.contype in ('p', 'u', 'c', 'f', 'n') and (own.name is not null or target.name is not null);
    insert into project88_legacy.model_indexes
    select t.name, i.relname, pg_get_indexdef(i.oid)
    from project88_legacy.converted t
    join pg_class c on c.relname = t.name and c.relnamespace = current_schema()::regnamespace
    join pg_index x on x.indrelid = c.oid
    join pg_class i on i.oid = x.indexrelid
    where not exists (select from pg_constraint k where k.conindid = i.oid and k.conrelid = c.oid);
end;

-- Exchange: away with the model, back with the legacy tables.

create function project88_legacy.exchange_tables() returns void language plpgsql as $$
declare
    statement text;
begin
    for statement in
        select format('alter table %I drop constraint %I', table_name, name)
        from project88_legacy.model_constraints where not is_of_converted and kind = 'f'
        union all
        select 'drop table ' || string_agg(quote_ident(name), ', ') from project88_legacy.converted having count(*) > 0
        union all
        select format('alter table project88_legacy.%I set schema %I', name, current_schema())
        from project88_legacy.converted
    loop
        execute statement;
    end loop;
end $$;

-- Triggers of somebody else must not fire for each row that is converted.
create table project88_legacy.silenced (relation oid, name name, mode "char");

create function project88_legacy.silence_triggers() returns void language plpgsql as $$
declare
    it record;
begin
    for it in
        select g.tgrelid, g.tgname, g.tgenabled from pg_trigger g
        join project88_legacy.converted t on t.relation = g.tgrelid
        where not g.tgisinternal and g.tgenabled <> 'D'
    loop
        execute format('alter table %s disable trigger %I', it.tgrelid::regclass, it.tgname);
        insert into project88_legacy.silenced values (it.tgrelid, it.tgname, it.tgenabled);
    end loop;
end $$;

create function project88_legacy.wake_triggers() returns void language plpgsql as $$
declare
    statement text;
begin
    for statement in
        select format('alter table %s enable %s trigger %I', relation::regclass,
                      case mode when 'A' then 'always' when 'R' then 'replica' else '' end, name)
        from project88_legacy.silenced
    loop
        execute statement;
    end loop;
end $$;

-- Takes off a table what is not ours: foreign keys, checks, keys and indexes that the model lacks, defaults, and NOT NULL.
-- A key that is as in the model stays and takes the model's name, because other tables may refer to it.

create function project88_legacy.drop_constraints(t text, kinds text[]) returns void language plpgsql as $$
declare
    it record;
begin
    for it in
        select k.conname, m.name as model_name
        from pg_constraint k
        left join project88_legacy.model_constraints m on m.table_name = t and m.is_of_converted
            and m.kind = k.contype and m.kind in ('p', 'u') and m.definition = pg_get_constraintdef(k.oid)
        where k.conrelid = project88_legacy.table_of(t) and k.contype::text = any (kinds)
    loop
        if it.model_name is null then
            execute format('alter table %I drop constraint %I', t, it.conname);
        elsif it.model_name <> it.conname then
            execute format('alter table %I rename constraint %I to %I', t, it.conname, it.model_name);
        end if;
    end loop;
end $$;

create function project88_legacy.drop_indexes(t text) returns void language plpgsql as $$
declare
    statement text;
begin
    for statement in
        select format('drop index %s', x.indexrelid::regclass) from pg_index x
        where x.indrelid = project88_legacy.table_of(t)
          and not exists (select from pg_constraint k where k.conindid = x.indexrelid and k.conrelid = x.indrelid)
    loop
        execute statement;
    end loop;
end $$;

-- A default of a legacy column would state something about our rows; a sequence behind one would run out.
create function project88_legacy.drop_defaults(t text) returns void language plpgsql as $$
declare
    it record;
begin
    for it in
        select a.attname, a.attidentity, a.attnotnull, a.atthasdef, pg_get_serial_sequence(t, a.attname) as owned
        from pg_attribute a
        where a.attrelid = project88_legacy.table_of(t) and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
          and (a.atthasdef or a.attidentity <> '' or a.attnotnull)
    loop
        if it.attidentity <> '' then
            execute format('alter table %I alter %I drop identity', t, it.attname);
        elsif it.atthasdef then
            execute format('alter table %I alter %I drop default', t, it.attname);
        end if;
        if it.owned is not null and it.attidentity = '' then
            execute format('drop sequence %s', it.owned);
        end if;
        if it.attnotnull and not exists (
            select from pg_index x where x.indrelid = project88_legacy.table_of(t) and x.indisprimary
              and (select attnum from pg_attribute where attrelid = x.indrelid and attname = it.attname) = any (x.indkey)
        ) then
            execute format('alter table %I alter %I drop not null', t, it.attname);
        end if;
    end loop;
end $$;

-- Columns. One that cannot take our type without loss is renamed to legacy_..., and ours is filled from it.

create function project88_legacy.can_take(from_type text, to_type text) returns boolean language sql immutable
return from_type = to_type or to_type = 'text'
    or (from_type ~ '^(timestamp|date)' and to_type = 'timestamp with time zone')
    or (from_type in ('smallint', 'integer', 'bigint')
        and to_type in ('integer', 'bigint', 'numeric', 'double precision'))
    or (from_type ~ '^(numeric|real|double)' and to_type in ('numeric', 'double precision'))
    or (from_type in ('json', 'jsonb') and to_type in ('json', 'jsonb'));

-- Columns whose words or meaning change, so that the legacy ones must stay readable.
create function project88_legacy.must_step_aside(t text, column_name text) returns boolean language sql immutable
return (t, column_name) in (('ct_results', 'result_status'), ('ct_results', 'split_times'), ('ct_results', 'split_keys'),
    ('sync_history', 'sync_type'), ('sync_history', 'status'));

create function project88_legacy.rename_columns(t text) returns void language plpgsql as $$
declare
    statement text;
begin
    if t = 'providers' and project88_legacy.column_type(t, 'provider_id') is null then
        alter table providers rename column id to provider_id;
    end if;
    if t = 'providers' and project88_legacy.column_type(t, 'name') is null then
        alter table providers rename column provider_name to name;
    end if;
    for statement in
        select format('alter table %I rename column %I to %I', t, m.column_name, 'legacy_' || m.column_name)
        from project88_legacy.model_columns m
        where m.table_name = t and project88_legacy.column_type(t, m.column_name) is not null
          and (m.is_generated or project88_legacy.must_step_aside(t, m.column_name)
               or not project88_legacy.can_take(project88_legacy.column_type(t, m.column_name), m.type_name))
    loop
        execute statement;
    end loop;
end $$;

-- One ALTER TABLE. A default that is the same for every row costs nothing; now() would invent a date.
create function project88_legacy.add_columns(t text) returns void language plpgsql as $$
declare
    columns text;
begin
    select string_agg(format('add column %I %s', m.column_name, m.type_name), ', ' order by m.position) into columns
    from project88_legacy.model_columns m
    where m.table_name = t and not m.is_generated and project88_legacy.column_type(t, m.column_name) is null;
    if columns is not null then
        execute format('alter table %I %s', t, columns);
    end if;
end $$;

-- The last touches: what the model requires of each column, keys, indexes, foreign keys, comments.

create function project88_legacy.make_sequence(t text, column_name text) returns void language plpgsql as $$
declare
    sequence_name constant text := format('%s_%s_seq', t, column_name);
begin
    execute format('create sequence %I as integer owned by %I.%I', sequence_name, t, column_name);
    execute format('alter table %I alter %I set default nextval(%L)', t, column_name, sequence_name);
end $$;

create function project88_legacy.advance_sequence(t text, column_name text) returns void language plpgsql as $$
declare
    highest bigint;
begin
    execute format('select max(%I) from %I', column_name, t) into highest;
    if highest is not null then
        perform setval(pg_get_serial_sequence(t, column_name), highest);
    end if;
end $$;

create function project88_legacy.finish_columns(t text) returns void language plpgsql as $$
declare
    m record;
    changes text;
begin
    select string_agg(
        format('alter %I %s not null', c.column_name, case when c.is_required then 'set' else 'drop' end), ', ')
    into changes from project88_legacy.model_columns c where c.table_name = t and not c.is_generated;
    execute format('alter table %I %s', t, changes);
    for m in select * from project88_legacy.model_columns c where c.table_name = t order by c.position loop
        if m.identity_kind <> '' then
            execute format('alter table %I alter %I add generated %s as identity', t, m.column_name,
                           case m.identity_kind when 'a' then 'always' else 'by default' end);
            perform project88_legacy.advance_sequence(t, m.column_name);
        elsif m.is_generated then
            execute format('alter table %I add column %I %s generated always as (%s) stored',
                           t, m.column_name, m.type_name, m.default_text);
        elsif m.default_text like 'nextval(%' then
            perform project88_legacy.make_sequence(t, m.column_name);
            perform project88_legacy.advance_sequence(t, m.column_name);
        elsif m.default_text is not null then
            execute format('alter table %I alter %I set default %s', t, m.column_name, m.default_text);
        end if;
        execute format('comment on column %I.%I is %L', t, m.column_name, m.description);
    end loop;
end $$;

create function project88_legacy.finish_table(m project88_legacy.model_tables) returns void language plpgsql as $$
declare
    statement text;
begin
    execute format('comment on table %I is %L', m.table_name, m.description);
    if m.options is not null then
        execute format('alter table %I set (%s)', m.table_name, array_to_string(m.options, ', '));
    end if;
    for statement in
        select format('alter table %I add constraint %I %s', k.table_name, k.name, k.definition)
        from project88_legacy.model_constraints k
        where k.table_name = m.table_name and k.kind in ('p', 'u', 'c') and not exists (
            select from pg_constraint c where c.conrelid = project88_legacy.table_of(k.table_name) and c.conname = k.name)
        union all
        select i.statement from project88_legacy.model_indexes i where i.table_name = m.table_name
        union all
        -- Since PostgreSQL 18 a NOT NULL has a name, and a renamed column keeps the old one.
        select format('alter table %I rename constraint %I to %I', m.table_name, c.conname, k.name)
        from project88_legacy.model_constraints k
        join pg_constraint c on c.conrelid = project88_legacy.table_of(k.table_name) and c.contype = 'n'
            and pg_get_constraintdef(c.oid) = k.definition and c.conname <> k.name
        where k.table_name = m.table_name and k.kind = 'n'
    loop
        begin
            execute statement;
        exception when unique_violation then
            raise exception using message = format(E'%s cannot have our key, because rows of it are equal there: %s\n'
                'Remove all but one of them and run again (in psql type rollback; first).', m.table_name, statement);
        end;
    end loop;
end $$;

create function project88_legacy.finish_foreign_keys() returns void language plpgsql as $$
declare
    statement text;
begin
    for statement in
        select format('alter table %I add constraint %I %s', table_name, name, definition)
        from project88_legacy.model_constraints where kind = 'f'
    loop
        execute statement;
    end loop;
end $$;

$tools$;
    perform project88_legacy.note_model();
    perform project88_legacy.exchange_tables();
    perform project88_legacy.silence_triggers();
end $do$;

insert into applied_migrations (name) values ('legacy/040_take_shape.sql') on conflict do nothing;
