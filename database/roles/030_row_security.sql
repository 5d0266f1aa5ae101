-- Row-level security on every table of the hub that holds rows of timing partners. It is not forced: the owner, and so
-- every migration and backup, sees all. A writer sees all by the one permissive policy. A reader sees the partners that
-- the setting project88.timing_partner_id names ('7' or '7,12'), and none where it is not set; a value that is no number
-- is an error.

do $$
declare
    it record;
begin
    for it in
        select c.oid, c.oid::regclass as relation, c.relrowsecurity from pg_class c
        join expected_columns() e on to_regclass(e.table_name) = c.oid
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'timing_partner_id'
    loop
        if not it.relrowsecurity then
            execute format('alter table %s enable row level security', it.relation);
        end if;
        execute format('drop policy if exists everybody on %s', it.relation);
        execute format('create policy everybody on %s using (true) with check (true)', it.relation);
        execute format('drop policy if exists reader_sees_named_partners on %s', it.relation);
        execute format($policy$
            create policy reader_sees_named_partners on %s as restrictive to project88_reader using (
                timing_partner_id = any (
                    string_to_array(current_setting('project88.timing_partner_id', true), ',')::integer[]))
            $policy$, it.relation);
    end loop;
end $$;
