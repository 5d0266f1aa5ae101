-- One row per person and race where several sources know an event. What a source says stays as it came in ct_results and
-- ct_participants; here stands who is whom, and what follows from all of it. Triggers keep it so, whoever writes.

alter table ct_events add column if not exists settled_at timestamptz;
alter table ct_events add column if not exists is_joined boolean not null default false;
comment on column ct_events.settled_at is
    'Since when its results count as settled, in hub time: 24 hours passed without a change. Null: provisional.';
comment on column ct_events.is_joined is
    'True where rows of several sources, or decisions on fields, stand under it: its results are in joined_results.';

alter table timing.decisions add column if not exists field text;
alter table timing.decisions add column if not exists value text;
alter table timing.decisions drop constraint if exists decision_kind_is_a_known_word;
alter table timing.decisions add constraint decision_kind_is_a_known_word check (kind in (
    'disqualified', 'did_not_finish', 'time_adjusted', 'read_ignored', 'field_set', 'kept_apart'));
alter table timing.decisions drop constraint if exists a_field_that_is_set_has_a_name;
alter table timing.decisions add constraint a_field_that_is_set_has_a_name check (
    (kind = 'field_set') = (field is not null) and (field is null or field in (
        'first_name', 'last_name', 'gender', 'age', 'city', 'state', 'country', 'division')));
comment on column timing.decisions.value is 'What the field is set to; null makes it unknown.';

create table if not exists source_ranks (
    data_source text not null,
    is_settled  boolean not null,
    rank        integer not null,
    primary key (data_source, is_settled)
);
comment on table source_ranks is
    'Whose word counts first: until the results have settled, and then. A source without a row comes last. May be edited.';
insert into source_ranks (data_source, is_settled, rank) values
    ('tcp_hardware', false, 1), ('chronotrack_live', false, 2), ('runsignup', false, 3), ('race_roster', false, 4),
    ('haku', false, 5),
    ('chronotrack_live', true, 1), ('runsignup', true, 2), ('race_roster', true, 3), ('haku', true, 4),
    ('tcp_hardware', true, 5)
on conflict do nothing;

create table if not exists entry_links (
    timing_partner_id integer not null,
    event_id          text not null,
    link_key          text not null,
    data_source       text not null,
    race_id           text not null,
    entry_id          text not null,
    legacy_row_id     bigint,
    basis             text not null,
    bib_number        text,
    external_id       text,
    person_name       text,
    joined_race_id    text not null,
    person_id         text,
    why               text,
    primary key (timing_partner_id, event_id, link_key),
    constraint entry_link_belongs_to_an_event
        foreign key (timing_partner_id, event_id) references ct_events on delete cascade,
    constraint entry_link_why_is_a_known_word
        check (why in ('first', 'same entry', 'external id', 'bib and name', 'bib, one without a name', 'alone'))
);
create index if not exists entry_links_by_person
    on entry_links (timing_partner_id, event_id, joined_race_id, person_id);
comment on table entry_links is 'Which person each entry of each source of a joined event is. Derived; made anew when need be.';
comment on column entry_links.basis is 'Bib, external id and name by which the entry was matched.';
comment on column entry_links.why is 'first: of the event''s own source. alone: nobody of a source before it is the same.';

create table if not exists joined_results (
    timing_partner_id integer not null,
    event_id          text not null,
    race_id           text not null,
    participant_id    text not null,
    race_name         text,
    data_source       text not null,
    bib_number        text,
    first_name        text,
    last_name         text,
    gender            text,
    age               integer,
    city              text,
    state             text,
    country           text,
    chip_time         interval,
    gun_time          interval,
    overall_place     integer,
    gender_place      integer,
    division          text,
    division_place    integer,
    result_status     text,
    provider_status   text,
    split_times       jsonb not null default '[]',
    begin_time        timestamptz,
    finish_time       timestamptz,
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now(),
    primary key (timing_partner_id, event_id, race_id, participant_id),
    constraint joined_result_belongs_to_an_event
        foreign key (timing_partner_id, event_id) references ct_events on delete cascade
);
alter table joined_results set (toast_tuple_target = 4080);
create index if not exists joined_results_by_bib on joined_results (timing_partner_id, event_id, bib_number);
create index if not exists joined_results_by_place on joined_results (timing_partner_id, event_id, race_id, overall_place);
create index if not exists joined_results_by_change on joined_results (timing_partner_id, event_id, updated_at);
comment on table joined_results is 'The results of joined events, a row per person and race. Derived from ct_results.';
comment on column joined_results.data_source is 'The source whose times and places these are.';

create table if not exists stale_joins (
    stale_join_id     bigint generated always as identity primary key,
    timing_partner_id integer not null,
    event_id          text not null,
    link_keys         text[],
    constraint stale_join_belongs_to_an_event
        foreign key (timing_partner_id, event_id) references ct_events on delete cascade
);
comment on table stale_joins is 'What the running transaction changed of joined events. Empty again when it commits.';
comment on column stale_joins.link_keys is 'Null: everything.';

create or replace function link_key(data_source text, race_id text, entry_id text) returns text
language sql immutable parallel safe
return data_source || chr(31) || coalesce(race_id, '') || chr(31) || coalesce(entry_id, '');

create or replace function link_basis(bib text, external_id text, first_name text, last_name text) returns text
language sql immutable parallel safe
return coalesce(bib, '') || chr(31) || coalesce(external_id, '') || chr(31) || coalesce(first_name, '') || chr(31)
       || coalesce(last_name, '');

-- The words of a name in any order, without accents and case.
create or replace function person_name_key(person_name text) returns text
language plpgsql immutable parallel safe as $$
declare
    words text := lower(decomposed(person_name));
begin
    if getdatabaseencoding() = 'UTF8' then
        words := regexp_replace(words, '[\u0300-\u036F]', '', 'g');
    end if;
    return (select string_agg(word, ' ' order by word collate "C")
            from regexp_split_to_table(words, '[[:space:][:punct:]]+') word where word <> '');
end $$;

-- What each source of an event has: its entries, and results without an entry.
create or replace function source_entries(p_timing_partner_id integer, p_event_id text)
returns table (data_source text, race_id text, entry_id text, legacy_row_id bigint, bib_number text, external_id text,
               first_name text, last_name text, has_entry boolean)
language sql stable as $$
    select coalesce(r.data_source, c.data_source), coalesce(r.race_id, c.race_id, ''),
           coalesce(r.entry_id, c.entry_id, 'row ' || r.legacy_row_id), r.legacy_row_id,
           coalesce(r.bib_number, c.bib_number), c.external_id, coalesce(r.first_name, c.first_name),
           coalesce(r.last_name, c.last_name), c.entry_id is not null
    from (select * from ct_participants
          where timing_partner_id = p_timing_partner_id and event_id = p_event_id and retracted_at is null) c
    full join (select * from ct_results
               where timing_partner_id = p_timing_partner_id and event_id = p_event_id and retracted_at is null
                 and not is_detail) r
        on (r.data_source, r.entry_id, r.race_id) = (c.data_source, c.entry_id, coalesce(c.race_id, ''))
$$;

-- Which race of the event's own source each race of another source is: the same id, else the same name, else the only
-- race of both. A race that is none of them stands by itself.
create or replace function joined_races(p_timing_partner_id integer, p_event_id text, p_own text)
returns table (data_source text, race_id text, joined_race_id text)
language sql stable as $$
    with races as (
        select distinct on (l.data_source, l.race_id) l.data_source, l.race_id, normalised_event_name(r.race_name) as name,
               l.data_source = p_own as is_own
        from entry_links l
        left join ct_races r on (r.timing_partner_id, r.event_id, r.data_source, r.race_id)
                              = (l.timing_partner_id, l.event_id, l.data_source, l.race_id) and r.retracted_at is null
        where l.timing_partner_id = p_timing_partner_id and l.event_id = p_event_id
        order by l.data_source, l.race_id
    ),
    named as (
        select *, count(*) over (partition by r.data_source, name) as of_this_name,
               count(*) over (partition by r.data_source) as races
        from races r
    )
    select x.data_source, x.race_id, coalesce(
        (select o.race_id from named o where o.is_own and o.race_id = x.race_id),
        (select o.race_id from named o where o.is_own and o.name = x.name and o.of_this_name = 1 and x.of_this_name = 1),
        (select o.race_id from named o where o.is_own and o.races = 1 and x.races = 1),
        x.race_id)
    from named x where not x.is_own
$$;

-- Who is whom. The entries of the event's own source are persons; an entry of another source is one of them when the
-- external id is the same, else when the bib is and the names agree or one has none. Never by name alone, never where
-- several could be meant, and never across races.
create or replace function link_entries(p_timing_partner_id integer, p_event_id text) returns void
language plpgsql as $$
declare
    own text;
    other text;
begin
    delete from entry_links l where l.timing_partner_id = p_timing_partner_id and l.event_id = p_event_id;
    select e.data_source into own from ct_events e
    where e.timing_partner_id = p_timing_partner_id and e.event_id = p_event_id;
    insert into entry_links (
        timing_partner_id, event_id, link_key, data_source, race_id, entry_id, legacy_row_id, basis, bib_number,
        external_id, person_name, joined_race_id, person_id, why)
    select p_timing_partner_id, p_event_id, link_key(s.data_source, s.race_id, s.entry_id), s.data_source, s.race_id,
           s.entry_id, s.legacy_row_id, link_basis(s.bib_number, s.external_id, s.first_name, s.last_name), s.bib_number,
           s.external_id, nullif(trim(concat_ws(' ', s.first_name, s.last_name)), ''), s.race_id,
           case when s.data_source = own then s.entry_id end, case when s.data_source = own then 'first' end
    from source_entries(p_timing_partner_id, p_event_id) s
    on conflict do nothing;
    update entry_links l set joined_race_id = j.joined_race_id
    from joined_races(p_timing_partner_id, p_event_id, own) j
    where l.timing_partner_id = p_timing_partner_id and l.event_id = p_event_id
      and (l.data_source, l.race_id) = (j.data_source, j.race_id) and l.joined_race_id <> j.joined_race_id;
    for other in
        select distinct l.data_source from entry_links l
        where l.timing_partner_id = p_timing_partner_id and l.event_id = p_event_id and l.data_source <> own
        order by 1
    loop
        perform link_source(p_timing_partner_id, p_event_id, own, other);
    end loop;
end $$;

-- The entries of one more source: each is a person that is known, or another one.
create or replace function link_source(p_timing_partner_id integer, p_event_id text, p_own text, p_other text)
returns void
language plpgsql as $$
declare
    criterion text;
begin
    -- The hardware scores with the entries of another source where it has none: its result has that entry's id.
    update entry_links l set person_id = f.person_id, why = 'same entry'
    from entry_links f
    where l.timing_partner_id = p_timing_partner_id and l.event_id = p_event_id and l.data_source = p_other
      and f.timing_partner_id = p_timing_partner_id and f.event_id = p_event_id and f.data_source = 'tcp_hardware'
      and (f.race_id, f.entry_id) = (l.race_id, l.entry_id)
      and not exists (
          select from ct_participants c
          where c.timing_partner_id = p_timing_partner_id and c.event_id = p_event_id
            and c.data_source = 'tcp_hardware' and c.entry_id = f.entry_id);
    foreach criterion in array array['external id', 'bib'] loop
        with known as (
            select l.joined_race_id, l.person_id, l.person_name,
                   case criterion when 'bib' then l.bib_number else l.external_id end as said
            from entry_links l
            where l.timing_partner_id = p_timing_partner_id and l.event_id = p_event_id and l.person_id is not null
              and l.data_source <> p_other
              and not exists (
                  select from entry_links taken
                  where taken.timing_partner_id = p_timing_partner_id and taken.event_id = p_event_id
                    and taken.data_source = p_other
                    and (taken.joined_race_id, taken.person_id) = (l.joined_race_id, l.person_id))
        ),
        persons as (
            select k.joined_race_id, k.said, min(k.person_id) as person_id, array_agg(k.person_name) as names
            from known k where k.said is not null
            group by 1, 2 having count(distinct k.person_id) = 1
        ),
        entries as (
            select l.joined_race_id, case criterion when 'bib' then l.bib_number else l.external_id end as said,
                   min(l.link_key) as link_key, min(l.person_name) as person_name, min(l.bib_number) as bib_number
            from entry_links l
            where l.timing_partner_id = p_timing_partner_id and l.event_id = p_event_id and l.data_source = p_other
              and l.person_id is null
            group by 1, 2 having count(*) = 1
        ),
        apart as (
            select d.bib_number from timing.decisions d
            where d.timing_partner_id = p_timing_partner_id and d.event_id = p_event_id and d.kind = 'kept_apart'
              and d.undone_at is null
        )
        update entry_links l set
            person_id = p.person_id,
            why = case when criterion = 'external id' then criterion
                       when e.person_name is null or array_remove(p.names, null) = '{}' then 'bib, one without a name'
                       else 'bib and name' end
        from entries e
        join persons p using (joined_race_id, said)
        where l.timing_partner_id = p_timing_partner_id and l.event_id = p_event_id and l.link_key = e.link_key
          and (criterion = 'external id' or e.person_name is null or array_remove(p.names, null) = '{}'
               or e.person_name = any (p.names)
               or person_name_key(e.person_name) = any (
                   select person_name_key(name) from unnest(p.names) name where name is not null))
          and coalesce(e.bib_number, '') <> all (select coalesce(a.bib_number, '') from apart a);
    end loop;
    -- Another source may use the ids of the first one for other people.
    update entry_links l set why = 'alone', person_id = case
        when exists (select from entry_links f
                     where f.timing_partner_id = p_timing_partner_id and f.event_id = p_event_id
                       and f.data_source <> p_other and f.entry_id = l.entry_id)
        then p_other || ':' || l.entry_id else l.entry_id end
    where l.timing_partner_id = p_timing_partner_id and l.event_id = p_event_id and l.data_source = p_other
      and l.person_id is null;
end $$;

insert into applied_migrations (name) values ('schema/078_joins.sql') on conflict do nothing;
