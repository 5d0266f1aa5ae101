-- Converts the legacy tables, each in one rewrite.

do $do$
begin
    if to_regnamespace('project88_legacy') is null then
        return;
    end if;
    execute $tools$

-- All of it, in order.

create sequence project88_legacy.row_numbers;

create function project88_legacy.names(first_ones text[]) returns setof text language sql stable
begin atomic
    select name from project88_legacy.converted order by array_position(first_ones, name) nulls last, name;
end;

create function project88_legacy.take_off(t text) returns void language sql
begin atomic
    select project88_legacy.rename_columns(t);
    select project88_legacy.drop_constraints(t, '{p,u,c,x}');
    select project88_legacy.drop_indexes(t);
    select project88_legacy.drop_defaults(t);
    select project88_legacy.add_columns(t);
end;

create function project88_legacy.say_what_came() returns void language plpgsql as $$
declare
    it record;
    rows_after bigint;
begin
    for it in select name, rows_before from project88_legacy.converted order by name loop
        execute format('analyze %I', it.name);
        execute format('select count(*) from %I', it.name) into rows_after;
        if rows_after < it.rows_before then
            raise exception '% had % rows and has % now; this is a fault of the conversion',
                it.name, it.rows_before, rows_after;
        end if;
        raise notice '%: % rows kept', it.name, it.rows_before;
    end loop;
    raise notice 'Times without a zone were read as %.', project88_legacy.time_zone();
end $$;

create function project88_legacy.convert() returns void language plpgsql as $$
declare
    t text;
    m project88_legacy.model_tables;
begin
    for t in select * from project88_legacy.names('{}') loop
        perform project88_legacy.drop_constraints(t, '{f}');
    end loop;
    for t in select * from project88_legacy.names('{timing_partners,providers}') loop
        perform project88_legacy.take_off(t);
        if t = 'sync_history' then
            perform project88_legacy.add_named_providers();
        end if;
        perform project88_legacy.fill(t);
        if t = 'providers' then
            perform project88_legacy.convert_providers();
        end if;
    end loop;
    if exists (select from project88_legacy.converted where name = 'ct_results') then
        perform project88_legacy.choose_results();
    end if;
    for t in select * from project88_legacy.names('{}') loop
        perform project88_legacy.finish_columns(t);
    end loop;
    for m in select * from project88_legacy.model_tables loop
        perform project88_legacy.finish_table(m);
    end loop;
    perform project88_legacy.finish_foreign_keys();
    perform project88_legacy.keep_old_provider_names();
end $$;

$tools$;
    perform project88_legacy.convert();
    perform project88_legacy.say_what_came();
    perform project88_legacy.wake_triggers();
end $do$;

insert into applied_migrations (name) values ('legacy/060_convert.sql') on conflict do nothing;
