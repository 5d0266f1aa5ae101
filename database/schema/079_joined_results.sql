-- What the sources of a joined event say together, and the triggers that keep joined_results true to it.

-- What people decided on the bibs of an event: the newest word counts, adjustments add up.
create or replace function bib_decisions(p_timing_partner_id integer, p_event_id text)
returns table (bib_number text, status text, adjustment interval, fields jsonb)
language sql stable as $$
    select d.bib_number,
           (array_agg(case d.kind when 'disqualified' then 'dq' else 'dnf' end order by d.decision_id desc)
               filter (where d.kind in ('disqualified', 'did_not_finish')))[1],
           -- In seconds alone: a minute less is stored as a day less and 23:59 more, and would be shown so.
           make_interval(secs => extract(epoch from sum(d.adjustment) filter (where d.kind = 'time_adjusted'))::float8),
           jsonb_object_agg(d.field, d.value order by d.decision_id) filter (where d.kind = 'field_set')
    from timing.decisions d
    where d.timing_partner_id = p_timing_partner_id and d.event_id = p_event_id and d.undone_at is null
      and d.bib_number is not null and d.kind <> 'kept_apart'
    group by d.bib_number
$$;

-- What each source says of each person of a joined event; of all persons, or of some ('race id', unit separator,
-- 'person id'). The lower the turn, the more a word counts, of equal ones that whose key comes first, which begins
-- with its source.
-- Times and places go together: they come from the first row. A disqualification by another source than the hardware
-- counts at once, and until the results have settled a finish counts more than none; so does it later, where the other
-- source only found no rows.
drop function if exists person_sources(integer, text, text[]);
create function person_sources(p_timing_partner_id integer, p_event_id text, p_persons text[])
returns table (joined_race_id text, person_id text, turn bigint, link_key text, data_source text, why text, row_id tid,
               linked_bib text, bib_number text, first_name text, last_name text, gender text, age integer, city text,
               state text, country text, division text)
language sql stable as $$
    with event as (
        select e.settled_at is not null as is_settled from ct_events e
        where e.timing_partner_id = p_timing_partner_id and e.event_id = p_event_id
    ),
    links as (
        select l.* from entry_links l
        where l.timing_partner_id = p_timing_partner_id and l.event_id = p_event_id and p_persons is null
        union all
        select l.* from unnest(p_persons) asked
        join entry_links l on l.timing_partner_id = p_timing_partner_id and l.event_id = p_event_id
            and l.joined_race_id = split_part(asked, chr(31), 1) and l.person_id = split_part(asked, chr(31), 2)
    ),
    found as (
        select l.joined_race_id, l.person_id, l.link_key, l.data_source, l.why, l.entry_id, l.bib_number as linked_bib,
               r.ctid as row_id, r.bib_number, r.first_name, r.last_name, r.gender, r.age, r.city, r.state, r.country,
               r.division, r.result_status, r.status_is_derived,
               r.finish_time is null and coalesce(r.chip_time, r.gun_time) is null as is_unfinished
        from links l
        left join ct_results r on r.timing_partner_id = p_timing_partner_id and r.event_id = p_event_id
            and (r.data_source, r.race_id, r.entry_id) = (l.data_source, l.race_id, l.entry_id)
            and r.legacy_row_id is null and r.retracted_at is null
        where l.legacy_row_id is null
        union all
        select l.joined_race_id, l.person_id, l.link_key, l.data_source, l.why, l.entry_id, l.bib_number,
               r.ctid, r.bib_number, r.first_name, r.last_name, r.gender, r.age, r.city, r.state, r.country, r.division,
               r.result_status, r.status_is_derived,
               r.finish_time is null and coalesce(r.chip_time, r.gun_time) is null
        from links l
        join ct_results r on r.timing_partner_id = p_timing_partner_id and r.event_id = p_event_id
            and (r.data_source, r.legacy_row_id) = (l.data_source, l.legacy_row_id) and r.retracted_at is null
        where l.legacy_row_id is not null
    )
    select s.joined_race_id, s.person_id,
           -- Each outweighs those below it and the rank; a source without a rank comes last.
           (80000000000 * (s.row_id is null)::integer
            -- Scoring has carried out what was decided, but of who did not finish there it knows no time.
            + 40000000000 * (d.bib_number is null or s.data_source <> 'tcp_hardware' or s.is_unfinished
                             or d.status is null and d.adjustment is null)::integer
            + 20000000000 * (e.is_settled or s.data_source = 'tcp_hardware'
                             or s.result_status is distinct from 'dq')::integer
            + 10000000000 * coalesce(s.is_unfinished and (not e.is_settled or s.status_is_derived), true)::integer
            + coalesce(k.rank, 5000000000)),
           s.link_key, s.data_source, s.why, s.row_id, s.linked_bib, coalesce(s.bib_number, c.bib_number),
           coalesce(s.first_name, c.first_name), coalesce(s.last_name, c.last_name), coalesce(s.gender, c.gender),
           coalesce(s.age, c.age), coalesce(s.city, c.city), coalesce(s.state, c.state), coalesce(s.country, c.country),
           coalesce(s.division, c.division)
    from found s
    cross join event e
    left join ct_participants c on c.timing_partner_id = p_timing_partner_id and c.event_id = p_event_id
        and (c.data_source, c.entry_id) = (s.data_source, s.entry_id) and c.retracted_at is null
    left join source_ranks k on k.data_source = s.data_source and k.is_settled = e.is_settled
    left join bib_decisions(p_timing_partner_id, p_event_id) d on d.bib_number = s.linked_bib
$$;

-- The joined results of these persons, or of all.
create or replace function joined_rows(p_timing_partner_id integer, p_event_id text, p_persons text[])
returns setof joined_results
language sql stable as $$
    -- Of the fields of a person each source may know some: the first that knows it counts. All in one order, so that
    -- they are sorted once, and by what differs soonest.
    with persons as (
        select joined_race_id, person_id,
               (array_agg(row_id order by turn, link_key))[1] as row_id,
               (array_agg(linked_bib order by turn, link_key))[1] as linked_bib,
               (array_agg(bib_number order by turn, link_key) filter (where bib_number is not null))[1] as bib_number,
               (array_agg(first_name order by turn, link_key) filter (where first_name is not null))[1] as first_name,
               (array_agg(last_name order by turn, link_key) filter (where last_name is not null))[1] as last_name,
               (array_agg(gender order by turn, link_key) filter (where gender is not null))[1] as gender,
               (array_agg(age order by turn, link_key) filter (where age is not null))[1] as age,
               (array_agg(city order by turn, link_key) filter (where city is not null))[1] as city,
               (array_agg(state order by turn, link_key) filter (where state is not null))[1] as state,
               (array_agg(country order by turn, link_key) filter (where country is not null))[1] as country,
               (array_agg(division order by turn, link_key) filter (where division is not null))[1] as division
        from person_sources(p_timing_partner_id, p_event_id, p_persons) group by person_id, joined_race_id
    ),
    races as (
        select distinct on (race_id) race_id, race_name from ct_races
        where timing_partner_id = p_timing_partner_id and event_id = p_event_id and retracted_at is null
        order by race_id, race_name is null, data_source = 'tcp_hardware' desc, data_source
    )
    select p_timing_partner_id, p_event_id, p.joined_race_id, p.person_id, races.race_name, r.data_source,
           p.bib_number,
           case when d.fields ? 'first_name' then d.fields ->> 'first_name' else p.first_name end,
           case when d.fields ? 'last_name' then d.fields ->> 'last_name' else p.last_name end,
           case when d.fields ? 'gender' then d.fields ->> 'gender' else p.gender end,
           case when d.fields ? 'age' then (d.fields ->> 'age')::integer else p.age end,
           case when d.fields ? 'city' then d.fields ->> 'city' else p.city end,
           case when d.fields ? 'state' then d.fields ->> 'state' else p.state end,
           case when d.fields ? 'country' then d.fields ->> 'country' else p.country end,
           r.chip_time + by_hand.adjustment, r.gun_time + by_hand.adjustment,
           case when d.status is null then r.overall_place end,
           case when d.status is null then r.gender_place end,
           case when d.fields ? 'division' then d.fields ->> 'division' else p.division end,
           case when d.status is null then r.division_place end,
           coalesce(d.status, r.result_status), r.provider_status, r.begin_time, r.finish_time, r.race_id, r.entry_id,
           r.legacy_row_id, now(), now()
    from persons p
    -- Row by row, for a plan that looks for a few rows in all of the results takes longer.
    cross join lateral (select * from ct_results where ctid = p.row_id limit 1) r
    left join races on races.race_id = p.joined_race_id
    left join bib_decisions(p_timing_partner_id, p_event_id) d on d.bib_number = p.linked_bib
    -- Scoring applies to the hardware's row what was decided on it: a time once, a status again to no effect.
    cross join lateral (
        select coalesce(case when r.data_source <> 'tcp_hardware' then d.adjustment end, interval '0') as adjustment
    ) by_hand
    where r.timing_partner_id = p_timing_partner_id and r.event_id = p_event_id
$$;

-- Writes what is new or another, and removes what is no result any more. Planned each time: a plan that suits a few
-- persons compares each of many with all others.
create or replace function write_joined(p_timing_partner_id integer, p_event_id text, p_persons text[]) returns void
language plpgsql as $$
begin
    execute $query$
    with found as materialized (
        select * from joined_rows($1, $2, $3)
    ),
    known as (
        select j.* from joined_results j
        where j.timing_partner_id = $1 and j.event_id = $2 and $3 is null
        union all
        select j.* from unnest($3) asked
        join joined_results j on j.timing_partner_id = $1 and j.event_id = $2
            and j.race_id = split_part(asked, chr(31), 1) and j.participant_id = split_part(asked, chr(31), 2)
    ),
    gone as (
        delete from joined_results j using (
            select race_id, participant_id from known except select race_id, participant_id from found) g
        where j.timing_partner_id = $1 and j.event_id = $2
          and (j.race_id, j.participant_id) = (g.race_id, g.participant_id)
    ),
    changed as (
        update joined_results j set (
            race_name, data_source, bib_number, first_name, last_name, gender, age, city, state, country, chip_time,
            gun_time, overall_place, gender_place, division, division_place, result_status, provider_status, begin_time,
            finish_time, source_race_id, source_entry_id, source_row_id, updated_at
        ) = (
            f.race_name, f.data_source, f.bib_number, f.first_name, f.last_name, f.gender, f.age, f.city, f.state,
            f.country, f.chip_time, f.gun_time, f.overall_place, f.gender_place, f.division, f.division_place,
            f.result_status, f.provider_status, f.begin_time, f.finish_time, f.source_race_id, f.source_entry_id,
            f.source_row_id, now())
        from found f
        join known k using (race_id, participant_id)
        where j.timing_partner_id = $1 and j.event_id = $2
          and (j.race_id, j.participant_id) = (f.race_id, f.participant_id)
          and (k.race_name, k.data_source, k.bib_number, k.first_name, k.last_name, k.gender, k.age, k.city, k.state,
               k.country, k.chip_time, k.gun_time, k.overall_place, k.gender_place, k.division, k.division_place,
               k.result_status, k.provider_status, k.begin_time, k.finish_time, k.source_race_id, k.source_entry_id,
               k.source_row_id)
              is distinct from
              (f.race_name, f.data_source, f.bib_number, f.first_name, f.last_name, f.gender, f.age, f.city, f.state,
               f.country, f.chip_time, f.gun_time, f.overall_place, f.gender_place, f.division, f.division_place,
               f.result_status, f.provider_status, f.begin_time, f.finish_time, f.source_race_id, f.source_entry_id,
               f.source_row_id)
    )
    -- One transaction at a time joins an event, so nobody else has written them meanwhile.
    insert into joined_results
    select f.* from found f
    where not exists (select from known k where (k.race_id, k.participant_id) = (f.race_id, f.participant_id))
    order by f.participant_id
    $query$ using p_timing_partner_id, p_event_id, p_persons;
end $$;

-- The persons whose rows have these keys; null where one is new or gone, with its entry or without, or was matched by
-- something that changed.
create or replace function persons_of(p_timing_partner_id integer, p_event_id text, p_link_keys text[]) returns text[]
language sql stable as $$
    select case when bool_or((l.link_key is null) <> (r.entry_id is null and c.entry_id is null)
                             or l.link_key is not null
                                and (l.has_entry, l.bib_number, l.external_id, l.person_name) is distinct from (
                                    c.entry_id is not null, coalesce(r.bib_number, c.bib_number), c.external_id,
                                    full_name(coalesce(r.first_name, c.first_name), coalesce(r.last_name, c.last_name))))
                     then null
                else array_agg(distinct l.joined_race_id || chr(31) || l.person_id) filter (where l.link_key is not null)
           end
    from (select link_key as key, data_source, race_id, entry_id from link_parts(p_link_keys)) k
    left join ct_results r on r.timing_partner_id = p_timing_partner_id and r.event_id = p_event_id
        and (r.data_source, r.race_id, r.entry_id) = (k.data_source, k.race_id, k.entry_id)
        and r.legacy_row_id is null and r.retracted_at is null and not r.is_detail
    left join ct_participants c on c.timing_partner_id = p_timing_partner_id and c.event_id = p_event_id
        and (c.data_source, c.entry_id) = (k.data_source, k.entry_id) and coalesce(c.race_id, '') = k.race_id
        and c.retracted_at is null
    left join entry_links l on l.timing_partner_id = p_timing_partner_id and l.event_id = p_event_id
        and l.link_key = k.key
$$;

-- Whether an event needs joining: rows of another source than its own, or a decision that only joining carries out.
create or replace function needs_joining(p_timing_partner_id integer, p_event_id text) returns boolean
language sql stable as $$
    select exists (
        select from ct_events e
        where e.timing_partner_id = p_timing_partner_id and e.event_id = p_event_id and (
            exists (select from ct_results r
                    where (r.timing_partner_id, r.event_id) = (e.timing_partner_id, e.event_id)
                      and r.data_source <> e.data_source)
            or exists (select from ct_participants c
                       where (c.timing_partner_id, c.event_id) = (e.timing_partner_id, e.event_id)
                         and c.data_source <> e.data_source)
            or exists (select from timing.decisions d
                       where (d.timing_partner_id, d.event_id) = (e.timing_partner_id, e.event_id)
                         and d.undone_at is null and d.bib_number is not null
                         and (d.kind = 'field_set' or e.data_source <> 'tcp_hardware'))))
$$;

-- The planner knows nothing of the rows of this transaction: hashes suit many, indexes suit a few.
create or replace function plan_joins(p_few boolean) returns void
language sql as $$
    select set_config(setting, case when p_few then 'on' else 'off' end, true)
    from unnest(array['enable_nestloop', 'enable_mergejoin']) setting
$$;

-- Links the entries with these keys, and those that have anything in common with them, anew. Gives the persons that they
-- were and are; null where all of the event is to be looked at, and nothing was linked.
create or replace function link_some(p_timing_partner_id integer, p_event_id text, p_link_keys text[]) returns text[]
language plpgsql as $$
declare
    keys text[];
    were text[];
begin
    -- What it looks for in the tables it looks for by index in any case.
    perform plan_joins(false);
    keys := neighbours_of(p_timing_partner_id, p_event_id, p_link_keys);
    if keys is null then
        return null;
    end if;
    were := array(
        select l.joined_race_id || chr(31) || l.person_id from links_of(p_timing_partner_id, p_event_id, keys) l);
    perform link_entries(p_timing_partner_id, p_event_id, keys);
    return array(
        select unnest(were)
        union
        select l.joined_race_id || chr(31) || l.person_id from links_of(p_timing_partner_id, p_event_id, keys) l);
end $$;

-- Joins an event anew. ``p_people``: who is whom may be otherwise of anybody. ``p_all``: another word may count of
-- everybody. Else the persons whose rows have these keys.
create or replace function join_event(
    p_timing_partner_id integer, p_event_id text, p_link_keys text[], p_people boolean, p_all boolean
) returns void
language plpgsql as $$
declare
    persons text[];
    is_few  boolean := coalesce(not p_people and not p_all and cardinality(p_link_keys) <= 1000, false);
begin
    perform plan_joins(is_few);
    if p_link_keys is not null and not p_people then
        persons := persons_of(p_timing_partner_id, p_event_id, p_link_keys);
        if persons is null and is_few and needs_joining(p_timing_partner_id, p_event_id) then
            persons := link_some(p_timing_partner_id, p_event_id, p_link_keys);
        end if;
        perform plan_joins(coalesce(not p_all and cardinality(persons) <= 1000, false));
    end if;
    if p_people or p_link_keys is not null and persons is null then
        if not needs_joining(p_timing_partner_id, p_event_id) then
            delete from joined_results where timing_partner_id = p_timing_partner_id and event_id = p_event_id;
            delete from entry_links where timing_partner_id = p_timing_partner_id and event_id = p_event_id;
            delete from race_links where timing_partner_id = p_timing_partner_id and event_id = p_event_id;
            update ct_events set is_joined = false
            where timing_partner_id = p_timing_partner_id and event_id = p_event_id and is_joined;
            return;
        end if;
        perform link_entries(p_timing_partner_id, p_event_id);
    end if;
    -- Of most of the event, all of it takes no longer.
    perform write_joined(
        p_timing_partner_id, p_event_id, case when not p_all and cardinality(persons) <= 5000 then persons end);
end $$;
drop function if exists join_event(integer, text, text[], boolean);

-- Of the keys of rows whose times, places or status alone are others: those by which somebody's joined row may be
-- another. It is not while the results are provisional, where the row comes from another source that has a finish and
-- counts before this one, only these two have results, and nothing is decided by hand.
create or replace function telling_keys(p_timing_partner_id integer, p_event_id text, p_link_keys text[]) returns text[]
language sql stable as $$
    -- The sources that have rows of results, one step along the index each.
    with recursive source (data_source) as (
        select min(r.data_source) from ct_results r
        where r.timing_partner_id = p_timing_partner_id and r.event_id = p_event_id
        union all
        select (select min(r.data_source) from ct_results r
                where r.timing_partner_id = p_timing_partner_id and r.event_id = p_event_id
                  and r.data_source > s.data_source)
        from source s where s.data_source is not null
    ),
    event as materialized (
        select e.settled_at is null
               and not exists (select from bib_decisions(p_timing_partner_id, p_event_id))
               and 2 = (
                   select count(*) from source s
                   where exists (select from ct_results r
                                 where r.timing_partner_id = p_timing_partner_id and r.event_id = p_event_id
                                   and r.data_source = s.data_source and r.retracted_at is null)) as is_plain
        from ct_events e
        where e.timing_partner_id = p_timing_partner_id and e.event_id = p_event_id
    )
    select array_agg(k.key)
    from unnest(p_link_keys) k (key)
    cross join event
    left join entry_links l on l.timing_partner_id = p_timing_partner_id and l.event_id = p_event_id
        and l.link_key = k.key
    left join joined_results j on j.timing_partner_id = p_timing_partner_id and j.event_id = p_event_id
        and (j.race_id, j.participant_id) = (l.joined_race_id, l.person_id)
    left join source_ranks mine on mine.data_source = l.data_source and not mine.is_settled
    left join source_ranks first on first.data_source = j.data_source and not first.is_settled
    where not coalesce(
        event.is_plain and j.data_source <> l.data_source and first.rank < mine.rank
        and (j.finish_time is not null or coalesce(j.chip_time, j.gun_time) is not null), false)
$$;

-- At the end of the transaction: what it changed of joined events. Planned each time, what it calls too: a plan that
-- suits a transaction of a whole event would be kept for those of a few runners.
create or replace function renew_joins() returns trigger
language plpgsql set plan_cache_mode = force_custom_plan as $$
declare
    keys text[];
    value_keys text[];
    concerns_people boolean;
    concerns_all boolean;
begin
    perform pg_advisory_xact_lock(
        hashtextextended('join ' || new.timing_partner_id::text || ' ' || new.event_id, 88));
    with taken as (
        delete from stale_joins
        where timing_partner_id = new.timing_partner_id and event_id = new.event_id
        returning stale_joins.link_keys, stale_joins.value_keys, stale_joins.same_people
    )
    select bool_or(t.link_keys is null and not t.same_people), bool_or(t.link_keys is null),
           array_agg(distinct k.key) filter (where not k.is_of_values),
           array_agg(distinct k.key) filter (where k.is_of_values)
    into concerns_people, concerns_all, keys, value_keys
    from taken t
    left join lateral (
        select key, false as is_of_values from unnest(t.link_keys) key
        union all
        select key, true from unnest(t.value_keys) key
    ) k on true;
    if not concerns_all and value_keys is not null then
        keys := array_cat(keys, telling_keys(new.timing_partner_id, new.event_id, value_keys));
    end if;
    if concerns_all or cardinality(keys) > 0 then
        perform join_event(new.timing_partner_id, new.event_id, keys, concerns_people, concerns_all);
    end if;
    return null;
end $$;
drop trigger if exists joins_are_renewed on stale_joins;
create constraint trigger joins_are_renewed after insert on stale_joins
    deferrable initially deferred for each row execute function renew_joins();

-- Of a statement that added or removed results or participants: events with rows of another source become joined ones,
-- and of joined events it is noted whose rows these are. Of very many rows it is not worth telling which, and of many
-- new ones neither: who is whom is looked at anew.
create or replace function note_stale_joins() returns trigger
language plpgsql as $$
begin
    if tg_op <> 'DELETE' then
        update ct_events e set is_joined = true
        from (select distinct timing_partner_id, event_id, data_source from changed) n
        where (e.timing_partner_id, e.event_id) = (n.timing_partner_id, n.event_id)
          and e.data_source <> n.data_source and not e.is_joined;
    end if;
    if exists (select from (select distinct timing_partner_id, event_id from changed) n
               join ct_events e using (timing_partner_id, event_id) where e.is_joined) then
        if (select count(*) from changed) > (case tg_op when 'INSERT' then 5000 else 100000 end) then
            insert into stale_joins (timing_partner_id, event_id)
            select n.timing_partner_id, n.event_id from changed n
            join ct_events e using (timing_partner_id, event_id) where e.is_joined group by 1, 2;
        else
            insert into stale_joins (timing_partner_id, event_id, link_keys)
            select n.timing_partner_id, n.event_id, array_agg(distinct link_key(n.data_source, n.race_id, n.entry_id))
            from changed n join ct_events e using (timing_partner_id, event_id) where e.is_joined group by 1, 2;
        end if;
    end if;
    return null;
end $$;

-- The same of a statement that updated them, under what they were and what they are. The trigger names what joining
-- reads of them besides the key: what a person is matched and shown by, what counts of one source alone, and what of
-- that counts whoever says it.
-- During a race nearly all updates are of splits, which are none of these.
create or replace function note_changed_joins() returns trigger
language plpgsql as $$
declare
    columns text := concat_ws(', ', 'timing_partner_id, event_id, data_source, race_id, entry_id', tg_argv[0], tg_argv[1]);
begin
    update ct_events e set is_joined = true
    from (select distinct timing_partner_id, event_id, data_source from changed) n
    where (e.timing_partner_id, e.event_id) = (n.timing_partner_id, n.event_id)
      and e.data_source <> n.data_source and not e.is_joined;
    if exists (select from (select timing_partner_id, event_id from changed
                            union select timing_partner_id, event_id from before) n
               join ct_events e using (timing_partner_id, event_id) where e.is_joined) then
        execute format($query$
            with other as (
                select timing_partner_id, event_id, link_key(data_source, race_id, entry_id) as key,
                       hash_record_extended((%2$s), 0) as person
                from (select %1$s, 1 as turn from changed union all select %1$s, -1 from before) each
                group by %1$s having sum(turn) <> 0
            ),
            keys as (
                select timing_partner_id, event_id, key, count(*) = 2 and min(person) = max(person) as is_of_values
                from other group by timing_partner_id, event_id, key
            )
            insert into stale_joins (timing_partner_id, event_id, link_keys, value_keys)
            select k.timing_partner_id, k.event_id,
                   case when count(*) <= 100000 then coalesce(array_agg(key) filter (where not is_of_values), '{}') end,
                   array_agg(key) filter (where is_of_values)
            from keys k join ct_events e using (timing_partner_id, event_id) where e.is_joined group by 1, 2
            $query$, columns, concat_ws(', ', tg_argv[0], tg_argv[2]));
    end if;
    return null;
end $$;

create or replace trigger results_are_joined after insert on ct_results
    referencing new table as changed for each statement execute function note_stale_joins();
create or replace trigger results_are_joined_anew after update on ct_results
    referencing old table as before new table as changed for each statement execute function note_changed_joins(
        'legacy_row_id, bib_number, first_name, last_name, gender, age, city, state, country, division, is_detail,
         retracted_at',
        'chip_time, gun_time, overall_place, gender_place, division_place, result_status, provider_status,
         status_is_derived, begin_time, finish_time',
        -- A disqualification counts whoever says it.
        'coalesce(result_status = ''dq'', false)');
create or replace trigger results_are_joined_no_more after delete on ct_results
    referencing old table as changed for each statement execute function note_stale_joins();
create or replace trigger participants_are_joined after insert on ct_participants
    referencing new table as changed for each statement execute function note_stale_joins();
create or replace trigger participants_are_joined_anew after update on ct_participants
    referencing old table as before new table as changed for each statement execute function note_changed_joins(
        'bib_number, external_id, first_name, last_name, gender, age, city, state, country, division, retracted_at');
create or replace trigger participants_are_joined_no_more after delete on ct_participants
    referencing old table as changed for each statement execute function note_stale_joins();
drop trigger if exists results_are_joined_elsewhere on ct_results;
drop trigger if exists participants_are_joined_elsewhere on ct_participants;
drop function if exists note_left_joins();

-- Other things that all results of an event follow from.
create or replace function note_stale_event() returns trigger
language plpgsql as $$
begin
    insert into stale_joins (timing_partner_id, event_id)
    select e.timing_partner_id, e.event_id from ct_events e
    where (e.timing_partner_id, e.event_id) = (new.timing_partner_id, new.event_id) and e.is_joined;
    return null;
end $$;
create or replace trigger races_are_joined after insert on ct_races
    for each row execute function note_stale_event();
create or replace trigger races_are_joined_anew after update on ct_races
    for each row when ((old.race_name, old.retracted_at, old.event_id)
                       is distinct from (new.race_name, new.retracted_at, new.event_id))
    execute function note_stale_event();
create or replace function note_settled_event() returns trigger
language plpgsql as $$
begin
    insert into stale_joins (timing_partner_id, event_id, same_people)
    values (new.timing_partner_id, new.event_id, true);
    return null;
end $$;
create or replace trigger event_is_joined_anew after update on ct_events
    for each row when ((old.settled_at is null) <> (new.settled_at is null) and new.is_joined)
    execute function note_settled_event();

-- A decision on a field, or on a result that no scoring makes, is carried out by joining those who have the bib. Who is
-- whom hangs on what is kept apart, and on nothing else that is decided.
create or replace function join_what_is_decided() returns trigger
language plpgsql as $$
declare
    was_joined boolean := (
        select e.is_joined from ct_events e
        where (e.timing_partner_id, e.event_id) = (new.timing_partner_id, new.event_id));
begin
    perform set_config('project88.cause', 'decision ' || new.decision_id, true);
    update ct_events e set updated_at = clock_timestamp(),
        is_joined = e.is_joined or new.undone_at is null and new.bib_number is not null
            and (new.kind = 'field_set' or e.data_source <> 'tcp_hardware')
    where (e.timing_partner_id, e.event_id) = (new.timing_partner_id, new.event_id);
    insert into stale_joins (timing_partner_id, event_id, link_keys)
    select e.timing_partner_id, e.event_id, case when was_joined and new.kind <> 'kept_apart' then array(
               select l.link_key from entry_links l
               where (l.timing_partner_id, l.event_id) = (e.timing_partner_id, e.event_id)
                 and l.bib_number = new.bib_number) end
    from ct_events e
    where (e.timing_partner_id, e.event_id) = (new.timing_partner_id, new.event_id) and e.is_joined;
    return null;
end $$;
drop trigger if exists decision_is_carried_out on timing.decisions;
-- A merge takes decisions along and is itself the cause of what follows.
create trigger decision_is_carried_out after insert or update of undone_at on timing.decisions
    for each row execute function join_what_is_decided();

insert into applied_migrations (name) values ('schema/079_joined_results.sql') on conflict do nothing;
