-- What the rows of legacy tables mean in our columns. Times without a zone are read in the setting
-- project88.legacy_time_zone, or in UTC.

do $do$
begin
    if to_regnamespace('project88_legacy') is null then
        return;
    end if;
    execute $tools$

-- Where the values of our columns come from: a legacy column, or a key of a JSON one; the first that has a value counts.

create table project88_legacy.sources (
    position integer generated always as identity, table_name text, column_name text, legacy_column text, json_key text);

insert into project88_legacy.sources (table_name, column_name, legacy_column, json_key) values
    ('ct_events', 'start_date', 'event_start_time', null),
    ('ct_events', 'end_date', 'event_end_time', null),
    ('ct_events', 'city', 'location', 'city'),
    ('ct_events', 'state', 'location', 'state'),
    ('ct_events', 'state', 'location', 'region'),
    ('ct_events', 'country', 'location', 'country'),
    ('ct_events', 'country', 'location', 'country_code'),
    ('ct_races', 'planned_start', 'race_planned_start_time', null),
    ('ct_races', 'planned_start', 'planned_start_time', null),
    ('ct_races', 'planned_start', 'race_planned_start', null),
    ('ct_races', 'planned_end', 'race_planned_end_time', null),
    ('ct_races', 'planned_end', 'planned_end_time', null),
    ('ct_races', 'planned_end', 'race_planned_end', null),
    ('ct_races', 'actual_start', 'race_actual_start_time', null),
    ('ct_races', 'actual_start', 'actual_start_time', null),
    ('ct_races', 'actual_start', 'race_actual_start', null),
    ('ct_races', 'actual_end', 'race_actual_end_time', null),
    ('ct_races', 'actual_end', 'actual_end_time', null),
    ('ct_races', 'actual_end', 'race_actual_end', null),
    ('ct_participants', 'bib_number', 'entry_bib', null),
    ('ct_participants', 'external_id', 'entry_external_id', null),
    ('ct_participants', 'first_name', 'athlete_first_name', null),
    ('ct_participants', 'last_name', 'athlete_last_name', null),
    ('ct_participants', 'gender', 'athlete_sex', null),
    ('ct_participants', 'age', 'entry_race_age', null),
    ('ct_participants', 'date_of_birth', 'athlete_birthdate', null),
    ('ct_participants', 'email', 'athlete_email', null),
    ('ct_participants', 'phone', 'athlete_mobile_phone', null),
    ('ct_participants', 'phone', 'athlete_home_phone', null),
    ('ct_participants', 'city', 'location', 'city'),
    ('ct_participants', 'state', 'location', 'state'),
    ('ct_participants', 'state', 'location', 'region'),
    ('ct_participants', 'country', 'location', 'country'),
    ('ct_participants', 'country', 'location', 'country_code'),
    ('ct_participants', 'postal_code', 'location', 'postal_code'),
    ('ct_participants', 'postal_code', 'location', 'zip'),
    ('ct_results', 'bib_number', 'results_bib', null),
    ('ct_results', 'first_name', 'results_first_name', null),
    ('ct_results', 'last_name', 'results_last_name', null),
    ('ct_results', 'gender', 'results_sex', null),
    ('ct_results', 'age', 'results_age', null),
    ('ct_results', 'city', 'results_hometown', null),
    ('ct_results', 'state', 'results_state_code', null),
    ('ct_results', 'country', 'results_country_code', null),
    ('ct_results', 'chip_time', 'results_time', null),
    ('ct_results', 'gun_time', 'results_gun_time', null),
    ('ct_results', 'division', 'results_primary_bracket_name', null),
    ('sync_history', 'sync_time', 'completed_at', null),
    ('sync_history', 'error_message', 'error_details', 'message'),
    ('sync_history', 'error_message', 'error_details', 'error'),
    ('sync_history', 'error_message', 'error_details', null);

-- An expression of one type as another. Text is read tolerantly: the column that holds it stays.
create function project88_legacy.as_type(expression text, from_type text, to_type text) returns text language sql stable
return case
    when from_type = to_type then expression
    when to_type = 'text' then expression || '::text'
    when from_type like 'timestamp%without%' and to_type = 'timestamp with time zone'
        then format('%s at time zone %L', expression, project88_legacy.time_zone())
    when from_type = 'date' and to_type = 'timestamp with time zone'
        then format('%s::timestamp at time zone %L', expression, project88_legacy.time_zone())
    when from_type like 'time %' and to_type = 'interval' then expression || '::interval'
    when project88_legacy.can_take(from_type, to_type) then format('%s::%s', expression, to_type)
    else format('project88_legacy.read_%s(%s::text)', case to_type
        when 'integer' then 'integer' when 'bigint' then 'bigint' when 'boolean' then 'boolean'
        when 'interval' then 'interval' when 'timestamp with time zone' then 'instant' when 'date' then 'date'
        when 'jsonb' then 'json' when 'json' then 'json' else 'number' end, expression)
        || case when to_type in ('json', 'double precision') then '::' || to_type else '' end
end;

create function project88_legacy.source_expression(t text, legacy_column text, json_key text, to_type text) returns text
language sql stable
return case
    when project88_legacy.column_type(t, legacy_column) is null then null
    when json_key is null
        then project88_legacy.as_type(quote_ident(legacy_column), project88_legacy.column_type(t, legacy_column), to_type)
    when project88_legacy.column_type(t, legacy_column) in ('json', 'jsonb')
        then project88_legacy.as_type(format('(%I ->> %L)', legacy_column, json_key), 'text', to_type)
end;

-- What is worked out from several legacy columns.

create function project88_legacy.count_of(column_name text, word text, kind text, records text) returns text
language sql stable
return format('coalesce(%I, case when project88_legacy.sync_type_of(%s) = %L then %s end, 0)',
              column_name, word, kind, records);

create function project88_legacy.worked_out_of_history(column_name text) returns text language sql stable
begin atomic
    with legacy (word, status, records) as (
        select format('coalesce(%s, %s)', project88_legacy.column_or_null('sync_history', 'legacy_sync_type', 'text'),
                      project88_legacy.column_or_null('sync_history', 'operation_type', 'text')),
               project88_legacy.column_or_null('sync_history', 'legacy_status', 'text'),
               format('project88_legacy.read_integer(coalesce(%s::text, %s::text, %s::text))',
                      project88_legacy.column_or_null('sync_history', 'num_of_synced_records', 'text'),
                      project88_legacy.column_or_null('sync_history', 'entries_success', 'text'),
                      project88_legacy.column_or_null('sync_history', 'legacy_records_processed', 'text')))
    select case column_name
        when 'sync_type' then format('project88_legacy.sync_type_of(%s)', word)
        when 'status' then format('coalesce(project88_legacy.status_of(%s), %L)', status, 'skipped')
        when 'reason' then format(
            'nullif(concat_ws(%L, reason, case when project88_legacy.status_of(%s) is null then %L || coalesce(%s, %L) end,'
            ' case when project88_legacy.sync_type_of(%s) = %L then %L || coalesce(%s, %L) end), %L)',
            '; ', status, 'legacy status: ', status, 'none', word, 'other', 'legacy type: ', word, 'none', '')
        when 'events_synced' then project88_legacy.count_of(column_name, word, 'discovery', records)
        when 'participants_synced' then project88_legacy.count_of(column_name, word, 'participants', records)
        when 'results_synced' then project88_legacy.count_of(column_name, word, 'results', records)
        when 'provider_id' then case when project88_legacy.column_type('sync_history', 'provider_name') is not null
            then 'coalesce(provider_id, project88_legacy.provider_of(provider_name))' end
    end
    from legacy;
end;

create function project88_legacy.worked_out_of_result(column_name text) returns text language sql stable
begin atomic
    with legacy (bracket, primary_bracket, place) as (
        select project88_legacy.column_or_null('ct_results', 'results_bracket_name', 'text'),
               project88_legacy.column_or_null('ct_results', 'results_primary_bracket_name', 'text'),
               format('nullif(project88_legacy.read_integer(%s::text), 0)',
                      project88_legacy.column_or_null('ct_results', 'results_rank', 'text')))
    select case column_name
        when 'data_source' then 'coalesce(data_source, ''tcp_hardware'')'
        when 'legacy_row_id' then
            case when project88_legacy.column_type('ct_results', 'id') in ('smallint', 'integer', 'bigint')
                 then 'id::bigint' else 'nextval(''project88_legacy.row_numbers'')' end
        when 'is_detail' then 'true'
        when 'overall_place' then
            format('coalesce(overall_place, case when project88_legacy.is_overall(%s) then %s end)', bracket, place)
        when 'gender_place' then
            format('coalesce(gender_place, case when project88_legacy.is_gender(%s) then %s end)', bracket, place)
        when 'division_place' then
            format('coalesce(division_place, case when project88_legacy.is_division(%s, %s) then %s end)',
                   bracket, primary_bracket, place)
    end
    from legacy;
end;

create function project88_legacy.worked_out(t text, column_name text) returns text language sql stable
return case
    when t = 'sync_history' then project88_legacy.worked_out_of_history(column_name)
    when t = 'ct_results' then project88_legacy.worked_out_of_result(column_name)
    when column_name = 'data_source' then $$coalesce(data_source, 'tcp_hardware')$$
end;

-- The expression that fills a column; null where the column is right as it is.
create function project88_legacy.filling(t text, m project88_legacy.model_columns) returns text language sql stable
begin atomic
    with candidates (position, expression) as (
        select 0, project88_legacy.source_expression(t, m.column_name, null, m.type_name)
        union all
        select 1, project88_legacy.source_expression(t, 'legacy_' || m.column_name, null, m.type_name)
        where not project88_legacy.must_step_aside(t, m.column_name)
        union all
        select 1 + s.position, project88_legacy.source_expression(t, s.legacy_column, s.json_key, m.type_name)
        from project88_legacy.sources s where s.table_name = t and s.column_name = m.column_name
        union all
        select 1000, case when m.identity_kind <> '' or m.default_text like '%nextval(%' and m.type_name <> 'text'
                          then 'nextval(''project88_legacy.row_numbers'')'
                          when m.default_text not like '%nextval(%' then m.default_text end
        where m.is_required
    )
    select coalesce(project88_legacy.worked_out(t, m.column_name),
        case when count(expression) > 1 or max(expression) <> quote_ident(m.column_name)
             then format('coalesce(%s)', string_agg(expression, ', ' order by position)) end)
    from candidates where expression is not null;
end;

-- Types and values of every column in one pass over the table.
create function project88_legacy.fill(t text) returns void language plpgsql as $$
declare
    changes text;
begin
    select string_agg(
        format('alter %I type %s using %s', m.column_name, m.type_name, project88_legacy.filling(t, m)), ', ')
    into changes
    from project88_legacy.model_columns m
    where m.table_name = t and not m.is_generated and project88_legacy.filling(t, m) is not null;
    if changes is not null then
        execute format('alter table %I %s', t, changes);
    end if;
end $$;

-- Providers. Ours are found by name, without regard to case, spaces, hyphens and underscores; all others keep id and
-- name. Number 1 is ChronoTrack Live: whoever has it moves to the next free number, with every row that points there.

-- In plpgsql, which reads the names of columns when it runs: they change.
create function project88_legacy.next_provider_id() returns integer language plpgsql as $$
begin
    return (select coalesce(max(provider_id), 0) + 1 from providers);
end $$;

create function project88_legacy.provider_of(word text) returns integer language plpgsql as $$
begin
    return (select min(p.provider_id) from providers p
            where project88_legacy.plain_name(p.name) = project88_legacy.plain_name(word));
end $$;

create function project88_legacy.columns_that_name_a_provider() returns table (relation regclass, column_name name)
language sql stable
begin atomic
    select k.conrelid::regclass, a.attname
    from pg_constraint k
    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
    where k.contype = 'f' and k.confrelid = project88_legacy.table_of('providers') and cardinality(k.conkey) = 1
    union
    select c.oid::regclass, a.attname
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'provider_id' and a.attnum > 0 and not a.attisdropped
    where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace
      and (c.relname ~ '^(runsignup|raceroster|haku|copernico)_' or c.relname in (
          'sync_queue', 'sync_history', 'partner_provider_credentials', 'timing_partner_haku_orgs', 'ct_archived_events'));
end;

create function project88_legacy.move_provider(old_id integer, new_id integer) returns void language plpgsql as $$
declare
    kept_name text;
    columns text;
    it record;
begin
    select name into kept_name from providers where provider_id = old_id;
    select string_agg(quote_ident(attname), ', ') into columns from pg_attribute
    where attrelid = project88_legacy.table_of('providers') and attnum > 0 and not attisdropped and attgenerated = ''
      and attname not in ('provider_id', 'name');
    execute format('insert into providers (provider_id, name, %s) select $2, name || %L, %s from providers'
                   ' where provider_id = $1', columns, ' (on its way)', columns) using old_id, new_id;
    for it in select * from project88_legacy.columns_that_name_a_provider() loop
        execute format('update %s set %I = $2 where %I = $1', it.relation, it.column_name, it.column_name)
        using old_id, new_id;
    end loop;
    delete from providers where provider_id = old_id;
    update providers set name = kept_name where provider_id = new_id;
    raise notice 'The provider % has the number % now, not %; its logins and its history went with it.',
        kept_name, new_id, old_id;
end $$;

create function project88_legacy.convert_providers() returns void language plpgsql as $$
declare
    ours record;
    live constant integer := project88_legacy.provider_of('ChronoTrack Live');
begin
    if live is distinct from 1 and exists (select from providers where provider_id = 1) then
        perform project88_legacy.move_provider(1, project88_legacy.next_provider_id());
    end if;
    if live is distinct from 1 and live is not null then
        perform project88_legacy.move_provider(live, 1);
    end if;
    for ours in select * from project88_legacy.model_providers order by provider_id loop
        if project88_legacy.provider_of(ours.name) is null then
            insert into providers (provider_id, name, created_at)
            values (case when ours.provider_id = 1 then 1 else project88_legacy.next_provider_id() end,
                    ours.name, now());
        end if;
        update providers set key = ours.key, description = coalesce(description, ours.description)
        where provider_id = project88_legacy.provider_of(ours.name);
    end loop;
end $$;

-- Histories that name their provider by a word: a word that no provider has becomes one, which no program collects from.
create function project88_legacy.add_named_providers() returns void language plpgsql as $$
declare
    word text;
begin
    if project88_legacy.column_type('sync_history', 'provider_name') is null then
        return;
    end if;
    for word in select min(provider_name) from sync_history
                where trim(provider_name) <> '' and project88_legacy.provider_of(provider_name) is null
                group by project88_legacy.plain_name(provider_name) order by 1 loop
        insert into providers (provider_id, name) values (project88_legacy.next_provider_id(), word);
    end loop;
end $$;

-- Legacy programs go on reading the columns that became provider_id and name.
create function project88_legacy.keep_old_provider_names() returns void language plpgsql as $$
begin
    if (select was_id from project88_legacy.old_provider_names) then
        alter table providers add column id integer generated always as (provider_id) stored;
    end if;
    if (select was_provider_name from project88_legacy.old_provider_names) then
        alter table providers add column provider_name text generated always as (name) stored;
    end if;
end $$;

-- Results. A legacy table has a row per bracket and interval; one of them stands for the participant in the race: the
-- longest time, then the row of the overall bracket, then the lowest id. It takes the places in the gender and in the
-- division from the rows with the same time.
create function project88_legacy.choose_results() returns void language plpgsql as $$
declare
    bracket constant text := project88_legacy.column_or_null('ct_results', 'results_bracket_name', 'text');
begin
    update ct_results r set race_id = c.race_id
    from ct_participants c
    where r.race_id is null and c.race_id is not null
      and (c.timing_partner_id, c.event_id, c.entry_id) = (r.timing_partner_id, r.event_id, r.entry_id);
    perform set_config('work_mem', '256MB', true);
    execute format($query$
        update ct_results r
        set is_detail = false, overall_place = chosen.overall_place, gender_place = chosen.gender_place,
            division_place = chosen.division_place
        from (
            select position, row_id,
                   max(overall_place) over w as overall_place, max(gender_place) over w as gender_place,
                   max(division_place) over w as division_place
            from (
                select ctid as row_id, overall_place, gender_place, division_place,
                       coalesce(chip_time, gun_time) as time, dense_rank() over person as person_no,
                       row_number() over longest as position
                from ct_results
                window person as (order by timing_partner_id, event_id collate "C", race_id collate "C",
                                  coalesce(entry_id, 'bib ' || bib_number, 'row ' || legacy_row_id) collate "C"),
                       longest as (
                           partition by timing_partner_id, event_id collate "C", race_id collate "C",
                               coalesce(entry_id, 'bib ' || bib_number, 'row ' || legacy_row_id) collate "C"
                           order by coalesce(chip_time, gun_time) desc nulls last,
                               project88_legacy.is_overall(%1$s) desc, legacy_row_id)
            ) as numbered
            window w as (partition by person_no, time)
        ) as chosen
        where chosen.position = 1 and r.ctid = chosen.row_id
        $query$, bracket);
end $$;

$tools$;
end $do$;

insert into applied_migrations (name) values ('legacy/050_fill.sql') on conflict do nothing;
