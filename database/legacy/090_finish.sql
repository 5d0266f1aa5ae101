-- Makes the views anew that stood on legacy tables and are not ours, then drops what the conversion worked with.

do $do$
declare
    saved record;
    statement text;
    messages constant text := current_setting('client_min_messages');
begin
    if to_regnamespace('project88_legacy') is null then
        return;
    end if;
    for saved in select * from project88_legacy.saved_views order by position loop
        begin
            execute format('create %s %s.%s %s as %s', saved.kind, saved.schema_name, saved.name,
                           'with (' || array_to_string(saved.options, ', ') || ')', saved.definition);
            foreach statement in array saved.extras || saved.privileges loop
                execute statement;
            end loop;
            execute format('comment on %s %s.%s is %L', saved.kind, saved.schema_name, saved.name, saved.description);
            execute format('alter %s %s.%s owner to %s', saved.kind, saved.schema_name, saved.name, saved.owner);
        exception when others then
            raise exception using message = format(E'The view %s.%s cannot be made again on the converted tables: %s\n'
                'Keep its text (\\sv %s), drop it, run this again, then make it anew in words that fit.'
                ' Nothing was changed.', saved.schema_name, saved.name, sqlerrm, saved.name);
        end;
    end loop;
    perform set_config('client_min_messages', 'warning', true);
    drop schema project88_legacy cascade;
    perform set_config('client_min_messages', messages, true);
end $do$;

insert into applied_migrations (name) values ('legacy/090_finish.sql') on conflict do nothing;
