-- One row per person and race where several sources know an event. What a source says stays as it came in ct_results and
-- ct_participants; here stands who is whom, and what follows from all of it. Triggers keep it so, whoever writes.

alter table ct_events add column if not exists settled_at timestamptz;
alter table ct_events add column if not exists is_joined boolean not null default false;
comment on column ct_events.settled_at is
    'Since when its results count as settled, in hub time: 24 hours passed without a change. Null: provisional.';
comment on column ct_events.is_joined is
    'True where rows of several sources, or decisions on fields, stand under it: its results are in joined_results.';

-- The bib by which a result is found: its own, else its entry's. One index serves both.
alter table ct_results add column if not exists entry_bib text;
comment on column ct_results.entry_bib is 'The bib of its entry, where the result has none of its own. Kept by triggers.';
drop index if exists ct_results_by_bib;
create index if not exists ct_results_by_shown_bib
    on ct_results (timing_partner_id, event_id, (coalesce(bib_number, entry_bib)));

create or replace function find_entry_bib() returns trigger
language plpgsql as $$
begin
    new.entry_bib := (
        select c.bib_number from ct_participants c
        where (c.timing_partner_id, c.event_id, c.data_source, c.entry_id)
            = (new.timing_partner_id, new.event_id, new.data_source, new.entry_id) and c.retracted_at is null);
    return new;
end $$;
create or replace trigger result_has_the_bib_of_its_entry before insert or update on ct_results
    for each row when (new.bib_number is null) execute function find_entry_bib();

-- Results without a bib of their own follow their entries.
create or replace function follow_entry_bibs() returns trigger
language plpgsql as $$
begin
    update ct_results r set entry_bib = null
    from changed c
    where (r.timing_partner_id, r.event_id, r.data_source, r.entry_id)
        = (c.timing_partner_id, c.event_id, c.data_source, c.entry_id)
      and r.bib_number is null
      and r.entry_bib is distinct from case when c.retracted_at is null then c.bib_number end;
    return null;
end $$;
create or replace trigger bib_is_followed after insert on ct_participants
    referencing new table as changed for each statement execute function follow_entry_bibs();
create or replace trigger bib_is_followed_anew after update on ct_participants
    referencing new table as changed for each statement execute function follow_entry_bibs();
-- Rows of before: the trigger fills in what it finds.
update ct_results r set entry_bib = null
from ct_participants c
where (r.timing_partner_id, r.event_id, r.data_source, r.entry_id)
    = (c.timing_partner_id, c.event_id, c.data_source, c.entry_id)
  and r.bib_number is null and c.retracted_at is null and c.bib_number is not null and r.entry_bib is null;

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
    has_entry         boolean not null,
    bib_number        text,
    external_id       text,
    person_name       text,
    joined_race_id    text not null,
    person_id         text not null,
    why               text not null,
    primary key (timing_partner_id, event_id, link_key),
    constraint entry_link_why_is_a_known_word
        check (why in ('first', 'same entry', 'external id', 'bib and name', 'bib, one without a name', 'alone'))
);
-- Links of before 2026-11-28, which have this column, may be wrong about their entries.
do $$
begin
    if exists (select from pg_attribute where attrelid = 'entry_links'::regclass and attname = 'basis') then
        update entry_links l set has_entry = not l.has_entry
        where l.has_entry <> exists (
            select from ct_participants c
            where (c.timing_partner_id, c.event_id, c.data_source, c.entry_id)
                = (l.timing_partner_id, l.event_id, l.data_source, l.entry_id)
              and coalesce(c.race_id, '') = l.race_id and c.retracted_at is null);
        alter table entry_links drop column basis;
    end if;
end $$;
-- The person first: its ids differ soonest.
drop index if exists entry_links_by_person;
create index if not exists entry_links_of_person on entry_links (person_id, event_id);
create index if not exists entry_links_by_external_id on entry_links (external_id, event_id) where external_id is not null;
comment on table entry_links is 'Which person each entry of each source of a joined event is. Derived; made anew when need be.';
comment on column entry_links.bib_number is 'With external_id and person_name what the entry was matched by.';
comment on column entry_links.why is 'first: of the event''s own source. alone: nobody of a source before it is the same.';

create table if not exists race_links (
    timing_partner_id integer not null,
    event_id          text not null,
    data_source       text not null,
    race_id           text not null,
    own_race_id       text not null,
    primary key (timing_partner_id, event_id, data_source, race_id)
);
comment on table race_links is
    'Which race of the event''s own source each race of each source was found to be when all of a joined event was linked.';

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
    begin_time        timestamptz,
    finish_time       timestamptz,
    source_race_id    text,
    source_entry_id   text,
    source_row_id     bigint,
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now(),
    primary key (timing_partner_id, event_id, race_id, participant_id)
);
create index if not exists joined_results_by_bib on joined_results (timing_partner_id, event_id, bib_number);
create index if not exists joined_results_by_place on joined_results (timing_partner_id, event_id, race_id, overall_place);
comment on table joined_results is 'The results of joined events, a row per person and race. Derived from ct_results.';
comment on column joined_results.data_source is 'The source whose times and places these are.';
comment on column joined_results.source_race_id is
    'With source_entry_id and source_row_id the row of ct_results that they come from; its splits are not copied.';

create table if not exists stale_joins (
    stale_join_id     bigint generated always as identity primary key,
    timing_partner_id integer not null,
    event_id          text not null,
    link_keys         text[],
    same_people       boolean not null default false,
    constraint stale_join_belongs_to_an_event
        foreign key (timing_partner_id, event_id) references ct_events on delete cascade
);
alter table stale_joins add column if not exists value_keys text[];
comment on table stale_joins is 'What the running transaction changed of joined events. Empty again when it commits.';
comment on column stale_joins.link_keys is 'Null: everything.';
comment on column stale_joins.value_keys is 'Of rows that have other times, places or statuses and nothing else.';
comment on column stale_joins.same_people is 'True where only another word may count now, so that nobody is somebody else.';

-- Derived rows go with their event. A foreign key would ask for the event once per row that is written.
create or replace function forget_joins() returns trigger
language plpgsql as $$
begin
    delete from entry_links l using gone g
    where (l.timing_partner_id, l.event_id) = (g.timing_partner_id, g.event_id);
    delete from race_links r using gone g
    where (r.timing_partner_id, r.event_id) = (g.timing_partner_id, g.event_id);
    delete from joined_results j using gone g
    where (j.timing_partner_id, j.event_id) = (g.timing_partner_id, g.event_id);
    return null;
end $$;
create or replace trigger joins_go_with_their_event after delete on ct_events
    referencing old table as gone for each statement execute function forget_joins();

create or replace function link_key(data_source text, race_id text, entry_id text) returns text
language sql immutable parallel safe
return data_source || chr(31) || coalesce(race_id, '') || chr(31) || coalesce(entry_id, '');

create or replace function full_name(first_name text, last_name text) returns text
language sql stable parallel safe
return nullif(trim(concat_ws(' ', first_name, last_name)), '');

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

create or replace function link_parts(p_link_keys text[])
returns table (link_key text, data_source text, race_id text, entry_id text)
language sql immutable parallel safe as $$
    select key, split_part(key, chr(31), 1), split_part(key, chr(31), 2), split_part(key, chr(31), 3)
    from unnest(p_link_keys) key
$$;

-- What one source of an event has: its entries, and results without an entry. All, or those of these keys; the latter
-- are looked for row by row, for a plan that looks for a few in all of the event takes longer. So it is below.
drop function if exists source_entries(integer, text, text);
create or replace function source_entries(
    p_timing_partner_id integer, p_event_id text, p_data_source text, p_link_keys text[]
) returns table (race_id text, entry_id text, legacy_row_id bigint, bib_number text, external_id text, first_name text,
                 last_name text, has_entry boolean)
language sql stable as $$
    select coalesce(r.race_id, c.race_id, ''), coalesce(r.entry_id, c.entry_id, 'row ' || r.legacy_row_id),
           r.legacy_row_id, coalesce(r.bib_number, c.bib_number), c.external_id, coalesce(r.first_name, c.first_name),
           coalesce(r.last_name, c.last_name), c.entry_id is not null
    from (select * from ct_participants
          where timing_partner_id = p_timing_partner_id and event_id = p_event_id and data_source = p_data_source
            and retracted_at is null and p_link_keys is null
          union all
          select found.* from link_parts(p_link_keys) k
          cross join lateral (
              select * from ct_participants x
              where x.timing_partner_id = p_timing_partner_id and x.event_id = p_event_id
                and (x.data_source, x.entry_id) = (k.data_source, k.entry_id) and coalesce(x.race_id, '') = k.race_id
                and x.retracted_at is null
              offset 0) found
          where k.data_source = p_data_source) c
    full join (select * from ct_results
               where timing_partner_id = p_timing_partner_id and event_id = p_event_id and data_source = p_data_source
                 and retracted_at is null and not is_detail and p_link_keys is null
               union all
               select found.* from link_parts(p_link_keys) k
               cross join lateral (
                   select * from ct_results x
                   where x.timing_partner_id = p_timing_partner_id and x.event_id = p_event_id
                     and (x.data_source, x.race_id, x.entry_id) = (k.data_source, k.race_id, k.entry_id)
                     and x.retracted_at is null and not x.is_detail
                   offset 0) found
               where k.data_source = p_data_source) r
        on (r.entry_id, r.race_id) = (c.entry_id, coalesce(c.race_id, ''))
$$;

-- The races under which a source of an event has entries or results.
create or replace function source_races(p_timing_partner_id integer, p_event_id text, p_data_source text) returns text[]
language sql stable as $$
    select coalesce(array_agg(distinct race_id), '{}') from (
        select coalesce(c.race_id, '') as race_id from ct_participants c
        where c.timing_partner_id = p_timing_partner_id and c.event_id = p_event_id and c.data_source = p_data_source
          and c.retracted_at is null
        union all
        select coalesce(r.race_id, '') from ct_results r
        where r.timing_partner_id = p_timing_partner_id and r.event_id = p_event_id and r.data_source = p_data_source
          and r.retracted_at is null) k
$$;

-- Which race of the event's own source each of these races of another one is: the same id, else the same name, else the
-- only race of both; one that is none of them stands by itself. A race of the own source counts without entries too.
drop function if exists race_map(integer, text, text, text);
create or replace function race_map(
    p_timing_partner_id integer, p_event_id text, p_own text, p_own_races text[], p_other text, p_other_races text[]
) returns table (race_id text, own_race_id text)
language sql stable as $$
    with races as (
        select p_own as data_source, race_id from unnest(p_own_races) race_id
        union
        select p_other, race_id from unnest(p_other_races) race_id
        union
        select p_own, r.race_id from ct_races r
        where r.timing_partner_id = p_timing_partner_id and r.event_id = p_event_id and r.retracted_at is null
          and r.data_source = p_own
    ),
    named as (
        select x.data_source, x.race_id, normalised_event_name(r.race_name) as name,
               count(*) over (partition by x.data_source, normalised_event_name(r.race_name)) as of_this_name,
               count(*) over (partition by x.data_source) as races
        from races x
        left join ct_races r on (r.timing_partner_id, r.event_id, r.data_source, r.race_id)
                              = (p_timing_partner_id, p_event_id, x.data_source, x.race_id)
            and r.retracted_at is null
    )
    select x.race_id, coalesce(
        (select o.race_id from named o where o.data_source = p_own and o.race_id = x.race_id),
        (select o.race_id from named o
         where o.data_source = p_own and o.name = x.name and o.of_this_name = 1 and x.of_this_name = 1),
        (select o.race_id from named o where o.data_source = p_own and o.races = 1 and x.races = 1),
        x.race_id)
    from named x where x.data_source = p_other
$$;

create or replace function links_of(p_timing_partner_id integer, p_event_id text, p_link_keys text[])
returns setof entry_links
language sql stable as $$
    select l.* from entry_links l
    where l.timing_partner_id = p_timing_partner_id and l.event_id = p_event_id and p_link_keys is null
    union all
    select found.* from unnest(p_link_keys) key
    cross join lateral (
        select * from entry_links x
        where x.timing_partner_id = p_timing_partner_id and x.event_id = p_event_id and x.link_key = key
        offset 0) found
$$;

-- The entries of the event's own source: each is a person.
drop function if exists own_links(integer, text, text);
create or replace function own_links(p_timing_partner_id integer, p_event_id text, p_own text, p_link_keys text[])
returns setof entry_links
language sql stable as $$
    select p_timing_partner_id, p_event_id, link_key(p_own, s.race_id, s.entry_id), p_own, s.race_id, s.entry_id,
           s.legacy_row_id, s.has_entry, s.bib_number, s.external_id, full_name(s.first_name, s.last_name), s.race_id,
           s.entry_id, 'first'
    from source_entries(p_timing_partner_id, p_event_id, p_own, p_link_keys) s
$$;

-- The entries of one more source than those that are linked: each is a person that is known, or another one.
drop function if exists other_links(integer, text, text[], text);
create or replace function other_links(
    p_timing_partner_id integer, p_event_id text, p_linked text[], p_other text, p_link_keys text[]
) returns setof entry_links
language sql stable as $$
    with mine as materialized (
        select link_key(p_other, s.race_id, s.entry_id) as link_key, s.*,
               full_name(s.first_name, s.last_name) as person_name
        from source_entries(p_timing_partner_id, p_event_id, p_other, p_link_keys) s
    ),
    known as materialized (
        select * from links_of(p_timing_partner_id, p_event_id, p_link_keys) l where l.data_source = any (p_linked)
    ),
    races as materialized (
        select race_id, own_race_id
        from race_map(
            p_timing_partner_id, p_event_id, p_linked[1],
            (select array_agg(distinct k.race_id) from known k where k.data_source = p_linked[1]), p_other,
            (select array_agg(distinct race_id) from mine))
        where p_link_keys is null
        union all
        select r.race_id, r.own_race_id from race_links r
        where r.timing_partner_id = p_timing_partner_id and r.event_id = p_event_id and r.data_source = p_other
          and p_link_keys is not null
    ),
    entries as materialized (
        select m.*, x.own_race_id as joined_race_id from mine m join races x using (race_id)
    ),
    -- The hardware scores with the entries of another source where it has none: its result has that entry's id.
    by_entry as (
        select e.link_key, k.joined_race_id, k.person_id, 'same entry' as why
        from entries e
        join known k on k.data_source = 'tcp_hardware' and (k.race_id, k.entry_id) = (e.joined_race_id, e.entry_id)
            and not k.has_entry
    ),
    apart as (
        select d.bib_number from timing.decisions d
        where d.timing_partner_id = p_timing_partner_id and d.event_id = p_event_id and d.kind = 'kept_apart'
          and d.undone_at is null
    ),
    by_external_id as (
        select e.link_key, p.joined_race_id, p.person_id, 'external id' as why
        from (select joined_race_id, external_id, min(link_key) as link_key from entries
              where external_id is not null and link_key not in (select link_key from by_entry)
                and (bib_number is null or bib_number not in (select bib_number from apart))
              group by 1, 2 having count(*) = 1) e
        join (select joined_race_id, external_id, min(person_id) as person_id from known
              where external_id is not null
                and (bib_number is null or bib_number not in (select bib_number from apart))
                and (joined_race_id, person_id) not in (select joined_race_id, person_id from by_entry)
              group by 1, 2 having count(distinct person_id) = 1) p using (joined_race_id, external_id)
    ),
    surely as materialized (
        select * from by_entry union all select * from by_external_id
    ),
    by_bib as (
        select e.link_key, p.joined_race_id, p.person_id,
               case when e.person_name is null or p.names is null then 'bib, one without a name' else 'bib and name' end
                   as why
        from (select bib_number, joined_race_id, min(link_key) as link_key, min(person_name) as person_name from entries
              where bib_number is not null and link_key not in (select link_key from surely)
                and bib_number not in (select bib_number from apart)
              group by 1, 2 having count(*) = 1) e
        join (select bib_number, joined_race_id, min(person_id) as person_id,
                     array_agg(person_name) filter (where person_name is not null) as names
              from known
              where bib_number is not null
                and (joined_race_id, person_id) not in (select joined_race_id, person_id from surely)
              group by 1, 2 having count(distinct person_id) = 1) p using (joined_race_id, bib_number)
        where e.person_name is null or p.names is null or e.person_name = any (p.names)
           or person_name_key(e.person_name) = any (select person_name_key(name) from unnest(p.names) name)
    )
    select p_timing_partner_id, p_event_id, e.link_key, p_other, e.race_id, e.entry_id, e.legacy_row_id, e.has_entry,
           e.bib_number, e.external_id, e.person_name, e.joined_race_id,
           -- Another source may use the ids of the first one for other people.
           coalesce(m.person_id, case when taken.entry_id is null then e.entry_id else p_other || ':' || e.entry_id end),
           coalesce(m.why, 'alone')
    from entries e
    left join (select * from surely union all select * from by_bib) m using (link_key)
    left join (select distinct entry_id from known) taken on taken.entry_id = e.entry_id
$$;

-- Writes the links of one source that are new or others, and removes what is no entry of it any more.
drop function if exists write_links(integer, text, text[], text);
create or replace function write_links(
    p_timing_partner_id integer, p_event_id text, p_linked text[], p_data_source text, p_link_keys text[]
) returns void
language sql as $$
    with found as materialized (
        select distinct on (f.link_key) f.* from (
            select o.* from own_links(p_timing_partner_id, p_event_id, p_data_source, p_link_keys) o
            where p_linked = '{}'
            union all
            select o.* from other_links(p_timing_partner_id, p_event_id, p_linked, p_data_source, p_link_keys) o
            where p_linked <> '{}') f
        order by f.link_key, f.legacy_row_id nulls first
    ),
    known as materialized (
        select * from links_of(p_timing_partner_id, p_event_id, p_link_keys) l where l.data_source = p_data_source
    ),
    changed as materialized (
        select f.* from found f join known k using (link_key) where k.* is distinct from f.*
    ),
    -- By keys that the index finds, whatever plan the joins have.
    gone as (
        delete from entry_links l
        where l.timing_partner_id = p_timing_partner_id and l.event_id = p_event_id
          and l.link_key = any (array(select link_key from known except select link_key from found))
    ),
    other as (
        update entry_links l set
            race_id = f.race_id, entry_id = f.entry_id, legacy_row_id = f.legacy_row_id, has_entry = f.has_entry,
            bib_number = f.bib_number, external_id = f.external_id, person_name = f.person_name,
            joined_race_id = f.joined_race_id, person_id = f.person_id, why = f.why
        from changed f
        where l.timing_partner_id = p_timing_partner_id and l.event_id = p_event_id and l.link_key = f.link_key
          and l.link_key = any (array(select link_key from changed))
    )
    -- One transaction at a time joins an event, so nobody else has written them meanwhile.
    insert into entry_links
    select f.* from found f where not exists (select from known k where k.link_key = f.link_key)
$$;
drop function if exists link_source(integer, text, text, text);
drop function if exists link_basis(text, text, text, text);


-- Who is whom. The entries of the event's own source are persons; an entry of another source is one of them when the
-- external id is the same, else when the bib is and the names agree or one has none. Never by name alone, never where
-- several could be meant, and never across races. Only links that are new or others are written. Of all entries, or of
-- those with these keys, which have nothing in common with any other.
drop function if exists link_entries(integer, text);
create or replace function link_entries(p_timing_partner_id integer, p_event_id text, p_link_keys text[] default null)
returns void
language plpgsql as $$
declare
    own     text;
    sources text[];
begin
    select e.data_source into own from ct_events e
    where e.timing_partner_id = p_timing_partner_id and e.event_id = p_event_id;
    select own || array_agg(k.data_source order by k.data_source) filter (where k.data_source <> own) into sources
    from (
        select c.data_source from ct_participants c
        where c.timing_partner_id = p_timing_partner_id and c.event_id = p_event_id and p_link_keys is null
        union
        select r.data_source from ct_results r
        where r.timing_partner_id = p_timing_partner_id and r.event_id = p_event_id and p_link_keys is null
        union
        select data_source from link_parts(p_link_keys)) k;
    if p_link_keys is null then
        delete from entry_links l
        where l.timing_partner_id = p_timing_partner_id and l.event_id = p_event_id and l.data_source <> all (sources);
    end if;
    for number in 1 .. cardinality(sources) loop
        perform write_links(p_timing_partner_id, p_event_id, sources[:number - 1], sources[number], p_link_keys);
    end loop;
    if p_link_keys is null then
        delete from race_links r where r.timing_partner_id = p_timing_partner_id and r.event_id = p_event_id;
        insert into race_links (timing_partner_id, event_id, data_source, race_id, own_race_id)
        select distinct l.timing_partner_id, l.event_id, l.data_source, l.race_id, l.joined_race_id from entry_links l
        where l.timing_partner_id = p_timing_partner_id and l.event_id = p_event_id;
    else
        -- A race of the own source is itself.
        insert into race_links (timing_partner_id, event_id, data_source, race_id, own_race_id)
        select distinct p_timing_partner_id, p_event_id, k.data_source, k.race_id, k.race_id
        from link_parts(p_link_keys) k where k.data_source = own
        on conflict do nothing;
    end if;
end $$;

-- Whether each of these keys has an entry or a result, none of them a legacy one that a key does not tell, in a race that
-- is known: of its own source by its row, of any source by somebody who was linked.
create or replace function are_there(p_timing_partner_id integer, p_event_id text, p_link_keys text[]) returns boolean
language sql stable as $$
    with races as materialized (
        select r.data_source, r.race_id from race_links r
        where r.timing_partner_id = p_timing_partner_id and r.event_id = p_event_id
        union
        select r.data_source, r.race_id from ct_races r
        join ct_events e using (timing_partner_id, event_id, data_source)
        where r.timing_partner_id = p_timing_partner_id and r.event_id = p_event_id and r.retracted_at is null
    )
    select bool_and(x.data_source is not null and coalesce(c.is_there, r.is_there, false) and r.legacy_row_id is null)
    from link_parts(p_link_keys) k
    left join races x using (data_source, race_id)
    left join lateral (
        select true as is_there from ct_participants x
        where x.timing_partner_id = p_timing_partner_id and x.event_id = p_event_id
          and (x.data_source, x.entry_id) = (k.data_source, k.entry_id) and coalesce(x.race_id, '') = k.race_id
          and x.retracted_at is null
        limit 1) c on true
    left join lateral (
        select true as is_there, x.legacy_row_id from ct_results x
        where x.timing_partner_id = p_timing_partner_id and x.event_id = p_event_id
          and (x.data_source, x.race_id, x.entry_id) = (k.data_source, k.race_id, k.entry_id)
          and x.retracted_at is null and not x.is_detail
        order by x.legacy_row_id desc nulls last limit 1) r on true
$$;

-- The keys of entries that have an id, a bib or an external id in common with one of these, or with one that has, and so
-- on: nobody else can be another person because of them. Null where that takes a look at all of the event: one is gone,
-- or is of a race in which its source had nobody, so that races may be others; or there are very many.
create or replace function neighbours_of(p_timing_partner_id integer, p_event_id text, p_link_keys text[]) returns text[]
language plpgsql stable as $$
declare
    most   constant integer := 5000;
    found  text[] := p_link_keys;
    before integer := 0;
begin
    while cardinality(found) between before + 1 and most loop
        before := cardinality(found);
        -- As they were linked, and as they are.
        with said as materialized (
            select l.entry_id, l.bib_number, l.external_id
            from links_of(p_timing_partner_id, p_event_id, found) l
            union
            select k.entry_id, c.bib_number, c.external_id
            from link_parts(found) k
            cross join lateral (
                select * from ct_participants x
                where x.timing_partner_id = p_timing_partner_id and x.event_id = p_event_id
                  and (x.data_source, x.entry_id) = (k.data_source, k.entry_id) and x.retracted_at is null
                offset 0) c
            union
            select k.entry_id, coalesce(r.bib_number, r.entry_bib), null
            from link_parts(found) k
            cross join lateral (
                select * from ct_results x
                where x.timing_partner_id = p_timing_partner_id and x.event_id = p_event_id
                  and (x.data_source, x.race_id, x.entry_id) = (k.data_source, k.race_id, k.entry_id)
                  and x.retracted_at is null
                offset 0) r
        )
        select array_agg(key) into found
        from (
            select unnest(found) as key
            union
            select l.link_key
            from (select distinct entry_id from said) s
            join race_links x on x.timing_partner_id = p_timing_partner_id and x.event_id = p_event_id
            cross join lateral (
                select y.link_key from entry_links y
                where y.timing_partner_id = p_timing_partner_id and y.event_id = p_event_id
                  and y.link_key = link_key(x.data_source, x.race_id, s.entry_id)
                offset 0) l
            union
            select link_key(c.data_source, c.race_id, c.entry_id)
            from (select distinct bib_number from said) s
            cross join lateral (
                select * from ct_participants x
                where x.timing_partner_id = p_timing_partner_id and x.event_id = p_event_id
                  and x.bib_number = s.bib_number and x.retracted_at is null
                offset 0) c
            union
            select link_key(r.data_source, r.race_id, coalesce(r.entry_id, 'row ' || r.legacy_row_id))
            from (select distinct bib_number from said) s
            cross join lateral (
                select * from ct_results x
                where x.timing_partner_id = p_timing_partner_id and x.event_id = p_event_id
                  and coalesce(x.bib_number, x.entry_bib) = s.bib_number and x.retracted_at is null and not x.is_detail
                offset 0) r
            union
            select l.link_key
            from (select distinct external_id from said where external_id is not null) s
            cross join lateral (
                select y.link_key from entry_links y
                where y.external_id = s.external_id and y.timing_partner_id = p_timing_partner_id
                  and y.event_id = p_event_id
                offset 0) l
        ) k;
    end loop;
    return case when cardinality(found) <= most and are_there(p_timing_partner_id, p_event_id, found) then found end;
end $$;

insert into applied_migrations (name) values ('schema/078_joins.sql') on conflict do nothing;
