-- What changed, when we learned it, and why: what rows said before, so that any moment can be asked for. A row that is
-- stored for the first time needs no entry, it knows when it was made. One entry holds what one statement changed.

create table if not exists row_changes (
    timing_partner_id integer not null,
    change_id         bigint generated always as identity,
    event_id          text not null,
    data_source       text not null,
    subject           text not null,
    changed_at        timestamptz not null,
    cause             text,
    keys              text[] not null,
    was               jsonb not null,
    primary key (timing_partner_id, change_id),
    constraint change_belongs_to_an_event
        foreign key (timing_partner_id, event_id) references ct_events on delete cascade,
    constraint change_subject_is_known check (subject in ('event', 'race', 'participant', 'result', 'joined'))
);
create index if not exists row_changes_by_event on row_changes (timing_partner_id, event_id, changed_at);
alter table row_changes alter column was set compression pglz;
comment on table row_changes is 'What rows of an event said before they were changed. Written by triggers, whoever changes.';
comment on column row_changes.cause is
    'sync N: of sync_history; scoring; settling; decision N; retraction N; duplicates. Null: somebody changed it by hand.';
comment on column row_changes.keys is 'Of each row: its event, race, entry, or race and entry with a unit separator between.';
comment on column row_changes.was is
    'Of each row an object: the columns that changed and what they were. A row that was removed is there as a whole.';

-- One instant for all that a transaction changes, not before its locks were granted.
create or replace function change_instant() returns timestamptz
language plpgsql volatile as $$
declare
    said text := coalesce(current_setting('project88.changed_at', true), '');
begin
    if said = '' then
        said := clock_timestamp()::text;
        perform set_config('project88.changed_at', said, true);
    end if;
    return said::timestamptz;
end $$;

create or replace function change_cause() returns text
language sql stable
return nullif(current_setting('project88.cause', true), '');

create or replace function result_key(race_id text, entry_id text, legacy_row_id bigint) returns text
language sql immutable parallel safe
return coalesce(race_id, '') || chr(31) || coalesce(entry_id, '')
       || case when legacy_row_id is null then '' else chr(31) || legacy_row_id::text end;

-- A column that changed, as a part of an object. Stable, as jsonb_build_object is: else it could not be put in place.
create or replace function was_other(column_name text, before anyelement, after anyelement) returns jsonb
language sql stable parallel safe as $$
    select case when before is distinct from after then jsonb_build_object(column_name, before) else '{}'::jsonb end
$$;

create or replace function log_result_changes() returns trigger
language plpgsql set enable_nestloop = off set enable_mergejoin = off as $$
begin
    insert into row_changes (timing_partner_id, event_id, data_source, subject, changed_at, cause, keys, was)
    select d.timing_partner_id, d.event_id, d.data_source, 'result', change_instant(), change_cause(),
           array_agg(d.key), jsonb_agg(d.was || jsonb_build_object('updated_at', d.updated_at))
    from (
        select o.timing_partner_id, o.event_id, o.data_source, result_key(o.race_id, o.entry_id, o.legacy_row_id) as key,
               was_other('bib_number', o.bib_number, n.bib_number) || was_other('entry_bib', o.entry_bib, n.entry_bib)
               || was_other('first_name', o.first_name, n.first_name) || was_other('last_name', o.last_name, n.last_name)
               || was_other('gender', o.gender, n.gender) || was_other('age', o.age, n.age)
               || was_other('city', o.city, n.city) || was_other('state', o.state, n.state)
               || was_other('country', o.country, n.country) || was_other('chip_time', o.chip_time, n.chip_time)
               || was_other('gun_time', o.gun_time, n.gun_time)
               || was_other('overall_place', o.overall_place, n.overall_place)
               || was_other('gender_place', o.gender_place, n.gender_place)
               || was_other('division', o.division, n.division)
               || was_other('division_place', o.division_place, n.division_place)
               || was_other('result_status', o.result_status, n.result_status)
               || was_other('provider_status', o.provider_status, n.provider_status)
               || was_other('status_is_derived', o.status_is_derived, n.status_is_derived)
               || was_other('split_times', o.split_times, n.split_times)
               || was_other('begin_time', o.begin_time, n.begin_time)
               || was_other('finish_time', o.finish_time, n.finish_time)
               || was_other('retracted_at', o.retracted_at, n.retracted_at) as was,
               o.updated_at
        from was o
        join became n
            on (n.timing_partner_id, n.event_id, n.data_source) = (o.timing_partner_id, o.event_id, o.data_source)
            and result_key(n.race_id, n.entry_id, n.legacy_row_id) = result_key(o.race_id, o.entry_id, o.legacy_row_id)
    ) d
    where d.was <> '{}'
    group by 1, 2, 3;
    return null;
end $$;
create or replace trigger result_changes_are_kept after update on ct_results
    referencing old table as was new table as became for each statement execute function log_result_changes();

create or replace function log_participant_changes() returns trigger
language plpgsql set enable_nestloop = off set enable_mergejoin = off as $$
begin
    insert into row_changes (timing_partner_id, event_id, data_source, subject, changed_at, cause, keys, was)
    select d.timing_partner_id, d.event_id, d.data_source, 'participant', change_instant(), change_cause(),
           array_agg(d.key), jsonb_agg(d.was)
    from (
        select o.timing_partner_id, o.event_id, o.data_source, o.entry_id as key,
               was_other('race_id', o.race_id, n.race_id) || was_other('bib_number', o.bib_number, n.bib_number)
               || was_other('external_id', o.external_id, n.external_id)
               || was_other('entry_status', o.entry_status, n.entry_status)
               || was_other('declared_status', o.declared_status, n.declared_status)
               || was_other('first_name', o.first_name, n.first_name) || was_other('last_name', o.last_name, n.last_name)
               || was_other('gender', o.gender, n.gender) || was_other('age', o.age, n.age)
               || was_other('email', o.email, n.email) || was_other('city', o.city, n.city)
               || was_other('state', o.state, n.state) || was_other('country', o.country, n.country)
               || was_other('team_name', o.team_name, n.team_name) || was_other('division', o.division, n.division)
               || was_other('wave_name', o.wave_name, n.wave_name)
               || was_other('removed_reason', o.removed_reason, n.removed_reason)
               || was_other('retracted_at', o.retracted_at, n.retracted_at) as was
        from was o
        join became n on (n.timing_partner_id, n.event_id, n.data_source, n.entry_id)
                       = (o.timing_partner_id, o.event_id, o.data_source, o.entry_id)
    ) d
    where d.was <> '{}'
    group by 1, 2, 3;
    return null;
end $$;
create or replace trigger participant_changes_are_kept after update on ct_participants
    referencing old table as was new table as became for each statement execute function log_participant_changes();

create or replace function log_event_change() returns trigger
language plpgsql as $$
declare
    was jsonb := was_other('event_name', old.event_name, new.event_name)
        || was_other('start_date', old.start_date, new.start_date) || was_other('end_date', old.end_date, new.end_date)
        || was_other('time_zone', old.time_zone, new.time_zone) || was_other('city', old.city, new.city)
        || was_other('state', old.state, new.state) || was_other('country', old.country, new.country)
        || was_other('upstream_state', old.upstream_state, new.upstream_state)
        || was_other('provider_event_id', old.provider_event_id, new.provider_event_id)
        || was_other('settled_at', old.settled_at, new.settled_at)
        || was_other('is_joined', old.is_joined, new.is_joined)
        || was_other('retracted_at', old.retracted_at, new.retracted_at);
begin
    if was <> '{}' then
        insert into row_changes (timing_partner_id, event_id, data_source, subject, changed_at, cause, keys, was)
        values (new.timing_partner_id, new.event_id, new.data_source, 'event', change_instant(), change_cause(),
                array[new.event_id], jsonb_build_array(was));
    end if;
    return null;
end $$;
create or replace trigger event_change_is_kept after update on ct_events
    for each row execute function log_event_change();

create or replace function log_race_change() returns trigger
language plpgsql as $$
declare
    was jsonb := was_other('race_name', old.race_name, new.race_name)
        || was_other('planned_start', old.planned_start, new.planned_start)
        || was_other('actual_start', old.actual_start, new.actual_start)
        || was_other('retracted_at', old.retracted_at, new.retracted_at);
begin
    if was <> '{}' and old.event_id = new.event_id then
        insert into row_changes (timing_partner_id, event_id, data_source, subject, changed_at, cause, keys, was)
        values (new.timing_partner_id, new.event_id, new.data_source, 'race', change_instant(), change_cause(),
                array[new.race_id], jsonb_build_array(was));
    end if;
    return null;
end $$;
create or replace trigger race_change_is_kept after update on ct_races
    for each row execute function log_race_change();

-- Joined rows are the only ones that are removed while their event stays.
create or replace function log_joined_changes() returns trigger
language plpgsql set enable_nestloop = off set enable_mergejoin = off as $$
begin
    insert into row_changes (timing_partner_id, event_id, data_source, subject, changed_at, cause, keys, was)
    select d.timing_partner_id, d.event_id, 'joined', 'joined', change_instant(), change_cause(), array_agg(d.key),
           jsonb_agg(d.was)
    from (
        select o.timing_partner_id, o.event_id, result_key(o.race_id, o.participant_id, null) as key,
               was_other('race_name', o.race_name, n.race_name) || was_other('data_source', o.data_source, n.data_source)
               || was_other('bib_number', o.bib_number, n.bib_number)
               || was_other('first_name', o.first_name, n.first_name) || was_other('last_name', o.last_name, n.last_name)
               || was_other('gender', o.gender, n.gender) || was_other('age', o.age, n.age)
               || was_other('city', o.city, n.city) || was_other('state', o.state, n.state)
               || was_other('country', o.country, n.country) || was_other('chip_time', o.chip_time, n.chip_time)
               || was_other('gun_time', o.gun_time, n.gun_time)
               || was_other('overall_place', o.overall_place, n.overall_place)
               || was_other('gender_place', o.gender_place, n.gender_place)
               || was_other('division', o.division, n.division)
               || was_other('division_place', o.division_place, n.division_place)
               || was_other('result_status', o.result_status, n.result_status)
               || was_other('provider_status', o.provider_status, n.provider_status)
               || was_other('begin_time', o.begin_time, n.begin_time)
               || was_other('finish_time', o.finish_time, n.finish_time)
               || was_other('source_race_id', o.source_race_id, n.source_race_id)
               || was_other('source_entry_id', o.source_entry_id, n.source_entry_id)
               || was_other('source_row_id', o.source_row_id, n.source_row_id)
               || was_other('updated_at', o.updated_at, n.updated_at) as was
        from was o
        join became n on (n.timing_partner_id, n.event_id, n.race_id, n.participant_id)
                       = (o.timing_partner_id, o.event_id, o.race_id, o.participant_id)
    ) d
    where d.was <> '{}'
    group by 1, 2;
    return null;
end $$;
create or replace trigger joined_changes_are_kept after update on joined_results
    referencing old table as was new table as became for each statement execute function log_joined_changes();

create or replace function log_removed_joins() returns trigger
language plpgsql as $$
begin
    insert into row_changes (timing_partner_id, event_id, data_source, subject, changed_at, cause, keys, was)
    select g.timing_partner_id, g.event_id, 'joined', 'joined', change_instant(), change_cause(),
           array_agg(result_key(g.race_id, g.participant_id, null)), jsonb_agg(to_jsonb(g))
    from gone g
    join ct_events e using (timing_partner_id, event_id)
    where coalesce(current_setting('project88.forget', true), '') <> 'on'
    group by 1, 2;
    return null;
end $$;
create or replace trigger removed_joins_are_kept after delete on joined_results
    referencing old table as gone for each statement execute function log_removed_joins();

-- Rows that somebody removes are gone, and so is what they said before; but not where a merge puts others in their place.
create or replace function forget_changes() returns trigger
language plpgsql as $$
begin
    if coalesce(current_setting('project88.decided', true), '') = 'on' then
        return null;
    end if;
    perform set_config('project88.forget', 'on', true);
    delete from row_changes c using (select distinct timing_partner_id, event_id, data_source from gone) g
    where (c.timing_partner_id, c.event_id) = (g.timing_partner_id, g.event_id)
      and c.data_source in (g.data_source, 'joined') and c.subject in ('participant', 'result', 'joined');
    return null;
end $$;
create or replace trigger removed_results_are_forgotten after delete on ct_results
    referencing old table as gone for each statement execute function forget_changes();
create or replace trigger removed_participants_are_forgotten after delete on ct_participants
    referencing old table as gone for each statement execute function forget_changes();

-- What the rows of an event were at an instant, as far as they changed since: the oldest word after it counts.
create or replace function changed_since(
    p_timing_partner_id integer, p_event_id text, p_subject text, p_at timestamptz
) returns table (data_source text, key text, was jsonb)
language sql stable as $$
    select c.data_source, each.key, jsonb_object_agg(field.key, field.value order by c.change_id desc)
    from row_changes c
    cross join lateral unnest(c.keys, array(select jsonb_array_elements(c.was))) as each (key, was)
    cross join lateral jsonb_each(each.was) field
    where c.timing_partner_id = p_timing_partner_id and c.event_id = p_event_id and c.subject = p_subject
      and c.changed_at > p_at
    group by 1, 2
$$;

-- What unified_results said of an event at an instant, by what the database had learned by then.
create or replace function unified_results_as_of(p_timing_partner_id integer, p_event_id text, p_at timestamptz)
returns table (
    timing_partner_id integer, source_provider text, data_source text, event_id text, provider_event_id text,
    event_name text, event_date date, race_id text, race_name text, participant_id text, bib_number text,
    first_name text, last_name text, gender text, age integer, city text, state text, country text,
    chip_time interval, gun_time interval, overall_place integer, gender_place integer, division text,
    division_place integer, result_status text, provider_status text, split_times jsonb, begin_time timestamptz,
    finish_time timestamptz, updated_at timestamptz, is_settled boolean
)
language plpgsql stable set enable_nestloop = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
    e ct_events;
    p timing_partners;
begin
    select t.* into p from timing_partners t where t.timing_partner_id = p_timing_partner_id;
    select (jsonb_populate_record(ev, coalesce(d.was, '{}'))).* into e
    from ct_events ev
    -- Of an event that was merged into this one, what it said itself waits here for the undoing.
    left join changed_since(p_timing_partner_id, p_event_id, 'event', p_at) d on d.key = ev.event_id
    where ev.timing_partner_id = p_timing_partner_id and ev.event_id = p_event_id;
    if e.event_id is null or e.retracted_at is not null or e.created_at > p_at then
        return;
    end if;
    return query
    -- Rows that stood under the event by a merge that was undone since are asked for where they are now.
    with moved as materialized (
        select * from homes_of_rows(p_timing_partner_id, p_event_id, p_at)
    ),
    changed_results as materialized (
        select d.* from changed_since(p_timing_partner_id, p_event_id, 'result', p_at) d
        where d.data_source not in (select m.data_source from moved m)
        union all
        select d.* from moved m
        cross join lateral changed_since(p_timing_partner_id, m.event_id, 'result', p_at) d
        where d.data_source = m.data_source
    ),
    current_results as (
        select r, result_key(r.race_id, r.entry_id, r.legacy_row_id) as key, r.data_source from ct_results r
        where r.timing_partner_id = p_timing_partner_id and r.event_id = p_event_id
          and r.data_source not in (select m.data_source from moved m)
        union all
        select r, result_key(r.race_id, r.entry_id, r.legacy_row_id), r.data_source from moved m
        join ct_results r on r.timing_partner_id = p_timing_partner_id and r.event_id = m.event_id
            and r.data_source = m.data_source
    ),
    results as materialized (
        select (it.r).* from (
            select case when d.key is null then c.r else jsonb_populate_record(c.r, d.was) end as r
            from current_results c
            left join changed_results d on (d.data_source, d.key) = (c.data_source, c.key)) it
        where coalesce((it.r).created_at, '-infinity') <= p_at
    ),
    participants as (
        select (it.c).* from (
            select case when d.key is null then c else jsonb_populate_record(c, d.was) end as c
            from ct_participants c
            left join changed_since(p_timing_partner_id, p_event_id, 'participant', p_at) d
                on (d.data_source, d.key) = (c.data_source, c.entry_id)
            where c.timing_partner_id = p_timing_partner_id and c.event_id = p_event_id) it
        where coalesce((it.c).created_at, '-infinity') <= p_at and (it.c).retracted_at is null
    ),
    races as (
        select r.data_source, r.race_id, case when d.was ? 'race_name' then d.was ->> 'race_name' else r.race_name end
            as race_name
        from ct_races r
        left join changed_since(p_timing_partner_id, p_event_id, 'race', p_at) d
            on (d.data_source, d.key) = (r.data_source, r.race_id)
        where r.timing_partner_id = p_timing_partner_id and r.event_id = p_event_id
    ),
    changed_joins as materialized (
        -- Not those of an event that is merged into this one.
        select * from changed_since(p_timing_partner_id, p_event_id, 'joined', p_at) d where d.data_source = 'joined'
    ),
    joins as (
        select (it.j).* from (
            select case when d.key is null then j else jsonb_populate_record(j, d.was) end as j
            from joined_results j
            left join changed_joins d on d.key = result_key(j.race_id, j.participant_id, null)
            where j.timing_partner_id = p_timing_partner_id and j.event_id = p_event_id
            union all
            select jsonb_populate_record(null::joined_results, d.was) from changed_joins d
            where d.was ? 'created_at' and not exists (
                select from joined_results j
                where j.timing_partner_id = p_timing_partner_id and j.event_id = p_event_id
                  and result_key(j.race_id, j.participant_id, null) = d.key)) it
        where (it.j).created_at <= p_at
    ),
    shown as (
        select r.data_source, r.race_id, race.race_name, r.entry_id as participant_id,
               coalesce(r.bib_number, r.entry_bib) as bib_number, coalesce(r.first_name, c.first_name) as first_name,
               coalesce(r.last_name, c.last_name) as last_name, coalesce(r.gender, c.gender) as gender,
               coalesce(r.age, c.age) as age, coalesce(r.city, c.city) as city, coalesce(r.state, c.state) as state,
               coalesce(r.country, c.country) as country, r.chip_time, r.gun_time, r.overall_place, r.gender_place,
               coalesce(r.division, c.division) as division, r.division_place, r.result_status, r.provider_status,
               r.split_times, r.begin_time, r.finish_time, r.updated_at
        from results r
        left join participants c on (c.data_source, c.entry_id) = (r.data_source, r.entry_id)
        left join races race on (race.data_source, race.race_id) = (r.data_source, r.race_id)
        where not e.is_joined and r.retracted_at is null and not r.is_detail
          -- Rows of another source came with a merge, later.
          and r.data_source = e.data_source
        union all
        select j.data_source, j.race_id, j.race_name, j.participant_id, j.bib_number, j.first_name, j.last_name,
               j.gender, j.age, j.city, j.state, j.country, j.chip_time, j.gun_time, j.overall_place, j.gender_place,
               j.division, j.division_place, j.result_status, j.provider_status, coalesce(won.split_times, '[]'),
               j.begin_time, j.finish_time, j.updated_at
        from joins j
        left join results won
            on won.data_source = j.data_source
            and result_key(won.race_id, won.entry_id, won.legacy_row_id)
              = result_key(j.source_race_id, j.source_entry_id, j.source_row_id)
        where e.is_joined
    )
    select p_timing_partner_id,
           case s.data_source when 'tcp_hardware' then 'chronotrack_tcp' else s.data_source end, s.data_source,
           p_event_id, e.provider_event_id, e.event_name,
           (e.start_date at time zone coalesce(e.time_zone, p.time_zone))::date, s.race_id, s.race_name,
           s.participant_id, s.bib_number, s.first_name, s.last_name, s.gender, s.age, s.city, s.state, s.country,
           s.chip_time, s.gun_time, s.overall_place, s.gender_place, s.division, s.division_place, s.result_status,
           s.provider_status, s.split_times, s.begin_time, s.finish_time, s.updated_at, e.settled_at is not null
    from shown s;
end $$;

insert into applied_migrations (name) values ('schema/081_history.sql') on conflict do nothing;
