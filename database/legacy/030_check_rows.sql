-- Stops at legacy rows that cannot be kept as they are, with counts and what to run; changes nothing.

do $do$
begin
    if to_regnamespace('project88_legacy') is null then
        return;
    end if;
    execute $tools$

-- Legacy rows that cannot be kept as they are. All are told of at once, before anything takes long.

create table project88_legacy.problems (position integer generated always as identity, said text);

create function project88_legacy.count_rows(from_and_where text) returns bigint language plpgsql as $$
declare
    found bigint;
begin
    execute 'select count(*) from ' || from_and_where into found;
    return found;
end $$;

create function project88_legacy.note_rows(from_and_where text, said text, remedy text) returns void
language plpgsql as $$
declare
    found constant bigint := project88_legacy.count_rows(from_and_where);
begin
    if found > 0 then
        insert into project88_legacy.problems (said)
        values (format(E'%s (rows: %s). Run:\n    %s', said, found, remedy));
    end if;
end $$;

create function project88_legacy.note_missing_column(t text, column_name text, type_name text, fill text)
returns boolean
language plpgsql as $$
begin
    if project88_legacy.column_type(t, column_name) is not null then
        return false;
    end if;
    perform project88_legacy.note_rows(project88_legacy.table_of(t)::text, format('%s has no %s', t, column_name),
        format(E'alter table %s add column %s %s;\n    %s', t, column_name, type_name, fill));
    return true;
end $$;

create function project88_legacy.check_partners_of(t text) returns void language plpgsql as $$
declare
    from_event constant text := format('update %s t set timing_partner_id = e.timing_partner_id from ct_events e'
        ' where e.event_id = t.event_id and t.timing_partner_id is null;', t);
    by_hand constant text := format('update %s set timing_partner_id = ID where timing_partner_id is null;', t);
    fill constant text := case when t in ('ct_races', 'ct_participants', 'ct_results') then from_event else by_hand end;
begin
    if project88_legacy.note_missing_column(t, 'timing_partner_id', 'integer', fill) then
        return;
    end if;
    perform project88_legacy.note_rows(
        format('%s where timing_partner_id is null', project88_legacy.table_of(t)),
        format('%s has rows without a timing partner', t),
        format(E'%s\n    or: delete from %s where timing_partner_id is null;', fill, t));
    perform project88_legacy.note_rows(
        format('%s t where timing_partner_id is not null and not exists (select from %s p'
               ' where p.timing_partner_id = t.timing_partner_id)',
               project88_legacy.table_of(t), project88_legacy.table_of('timing_partners')),
        format('%s has rows of a timing partner that does not exist', t),
        format('delete from %s t where timing_partner_id is not null and not exists (select from timing_partners p'
               ' where p.timing_partner_id = t.timing_partner_id);', t));
end $$;

create function project88_legacy.check_events_of(t text) returns void language plpgsql as $$
begin
    if project88_legacy.note_missing_column(t, 'event_id', 'text', 'then fill it')
       or project88_legacy.column_type(t, 'timing_partner_id') is null then
        return;
    end if;
    perform project88_legacy.note_rows(
        format('%s t where timing_partner_id is not null and not exists (select from %s e'
               ' where e.event_id::text = t.event_id::text and e.timing_partner_id = t.timing_partner_id'
               ' or e.event_id::text = t.event_id::text and e.timing_partner_id is null)',
               project88_legacy.table_of(t), project88_legacy.table_of('ct_events')),
        format('%s has rows whose event does not exist for their timing partner', t),
        format(E'update %s t set timing_partner_id = e.timing_partner_id from ct_events e where e.event_id = t.event_id;\n'
               '    or: delete from %s t where timing_partner_id is not null and not exists (select from ct_events e'
               ' where e.event_id = t.event_id and e.timing_partner_id = t.timing_partner_id);', t, t));
end $$;

create function project88_legacy.check_provider_of(t text, missing_is_allowed boolean) returns void
language plpgsql as $$
declare
    provider_column constant text := case when project88_legacy.column_type('providers', 'provider_id') is null
                                          then 'id' else 'provider_id' end;
begin
    if project88_legacy.column_type(t, 'provider_id') is null then
        return;
    end if;
    perform project88_legacy.note_rows(
        format('%s t where not exists (select from %s p where p.%s = t.provider_id) and (provider_id is not null or %L)',
               project88_legacy.table_of(t), project88_legacy.table_of('providers'), provider_column,
               not missing_is_allowed),
        format('%s has rows of a provider that does not exist', t),
        format('delete from %s t where not exists (select from providers p where p.%s = t.provider_id)%s;',
               t, provider_column, case when missing_is_allowed then ' and provider_id is not null' else '' end));
end $$;

create function project88_legacy.check_known_once(t text, key text, remedy text) returns void language plpgsql as $$
begin
    perform project88_legacy.note_rows(
        format('(select %s from %s where row (%s) is not null group by %s having count(*) > 1) as twice',
               key, project88_legacy.table_of(t), key, key),
        format('%s has several rows of the same (%s)', t, key),
        format(E'select %s, count(*) from %s group by %s having count(*) > 1;\n    %s', key, t, key, remedy));
end $$;

create function project88_legacy.check_required(t text, column_name text) returns void language plpgsql as $$
begin
    if project88_legacy.column_type(t, column_name) is not null then
        perform project88_legacy.note_rows(
            format('%s where %I is null', project88_legacy.table_of(t), column_name),
            format('%s has rows without %s', t, column_name),
            format('update %s set %s = ... where %s is null; or: delete from %s where %s is null;',
                   t, column_name, column_name, t, column_name));
    end if;
end $$;

-- A key on which the table of somebody else stands cannot be replaced.
create function project88_legacy.check_foreign_keys() returns void language plpgsql as $$
declare
    it record;
begin
    for it in
        select k.conname, k.conrelid::regclass as from_table, t.name,
               replace(pg_get_constraintdef(k.oid), 'project88_legacy.', '') as definition
        from project88_legacy.converted t
        join pg_constraint k on k.confrelid = t.relation and k.contype = 'f'
        where k.conrelid not in (select relation from project88_legacy.converted)
          and not exists (
              select from pg_attribute a
              where a.attrelid = t.relation and array[a.attnum] = k.confkey
                and (t.name, a.attname) in (('timing_partners', 'timing_partner_id'), ('providers', 'provider_id'),
                                            ('providers', 'id')))
    loop
        insert into project88_legacy.problems (said) values (format(
            E'%s refers to a key of %s that is replaced: %s. Run:\n    alter table %s drop constraint %I;',
            it.from_table, it.name, it.definition, it.from_table, it.conname));
    end loop;
end $$;

create function project88_legacy.check_rows() returns void language plpgsql as $$
declare
    t text;
    said text;
begin
    for t in select name from project88_legacy.converted
             where name not in ('timing_partners', 'providers') order by name loop
        perform project88_legacy.check_partners_of(t);
        if t in ('ct_races', 'ct_participants', 'ct_results') then
            perform project88_legacy.check_events_of(t);
        end if;
        if t in ('partner_provider_credentials', 'sync_history') then
            perform project88_legacy.check_provider_of(t, t = 'sync_history');
        end if;
    end loop;
    for t in select name from project88_legacy.converted loop
        case t
        when 'timing_partners' then
            perform project88_legacy.check_required(t, 'company_name');
            perform project88_legacy.check_known_once(t, 'company_name',
                'update timing_partners set company_name = ... where timing_partner_id = ID;');
        when 'providers' then
            perform project88_legacy.check_required(t, coalesce(
                (select 'name' where project88_legacy.column_type(t, 'name') is not null), 'provider_name'));
        when 'partner_provider_credentials' then
            perform project88_legacy.check_known_once(t, 'timing_partner_id, provider_id',
                'Keep one row; the other accounts go into partner_provider_accounts afterwards.');
        when 'ct_events' then
            perform project88_legacy.check_required(t, 'event_id');
            perform project88_legacy.check_known_once(t, 'timing_partner_id, event_id', 'Keep one row of each.');
        when 'ct_participants' then
            perform project88_legacy.check_required(t, 'entry_id');
        else null;
        end case;
    end loop;
    perform project88_legacy.check_foreign_keys();
    select string_agg(p.said, E'\n' order by p.position) into said from project88_legacy.problems p;
    if said is not null then
        raise exception using message = format(E'The legacy tables cannot be converted yet; nothing was changed.\n%s\n'
            'Then run this again (in psql type rollback; first). See docs/howto/move-from-legacy.md.', said);
    end if;
end $$;

$tools$;
    perform project88_legacy.check_rows();
end $do$;

insert into applied_migrations (name) values ('legacy/030_check_rows.sql') on conflict do nothing;
