-- Events, races, participants and results of ChronoTrack hardware and ChronoTrack Live.
-- data_source tells the two apart; timing_partner_id leads every key.

create sequence if not exists ct_event_id_seq;

create table if not exists ct_events (
    timing_partner_id    integer not null references timing_partners,
    event_id             text not null default 'p' || nextval('ct_event_id_seq'),
    data_source          text not null default 'tcp_hardware',
    provider_event_id    text,
    event_name           text,
    start_date           timestamptz,
    end_date             timestamptz,
    time_zone            text,
    event_description    text,
    event_site_uri       text,
    event_is_published   boolean,
    event_tag            text,
    event_external_id    text,
    organization_id      text,
    organization_name    text,
    city                 text,
    state                text,
    country              text,
    upstream_state       text,
    raw_payload          json,
    content_fingerprint  bytea,
    results_changed_at   timestamptz,
    retracted_at         timestamptz,
    created_at           timestamptz default now(),
    updated_at           timestamptz not null default now(),
    primary key (timing_partner_id, event_id),
    constraint event_is_known_once_per_source unique (timing_partner_id, data_source, provider_event_id),
    constraint event_time_zone_exists
        check (time_zone is null or (timestamptz 'epoch' at time zone time_zone) is not null)
);
comment on column ct_events.event_id is 'Ours; never the provider''s, which is provider_event_id.';
comment on column ct_events.upstream_state is 'archived when the provider gave the event up for good, else null.';
comment on column ct_events.results_changed_at is
    'When the results last changed, in hub time: the newest crossing on the first load, later the sync that brought a change.';
create index if not exists ct_events_by_name on ct_events (timing_partner_id, lower(event_name), start_date);

create table if not exists ct_races (
    timing_partner_id       integer not null,
    event_id                text not null,
    data_source             text not null default 'tcp_hardware',
    race_id                 text not null,
    race_name               text,
    race_tag                text,
    race_type               text,
    race_subtype            text,
    race_course_distance    numeric,
    race_pref_distance_unit text,
    planned_start           timestamptz,
    planned_end             timestamptz,
    actual_start            timestamptz,
    actual_end              timestamptz,
    raw_payload             json,
    content_fingerprint     bytea,
    retracted_at            timestamptz,
    created_at              timestamptz default now(),
    updated_at              timestamptz not null default now(),
    primary key (timing_partner_id, event_id, data_source, race_id),
    constraint race_belongs_to_an_event
        foreign key (timing_partner_id, event_id) references ct_events on delete cascade
);

create table if not exists ct_participants (
    timing_partner_id   integer not null,
    event_id            text not null,
    data_source         text not null default 'tcp_hardware',
    entry_id            text not null,
    race_id             text,
    bib_number          text,
    external_id         text,
    entry_status        text,
    declared_status     text,
    entry_type          text,
    athlete_id          text,
    first_name          text,
    last_name           text,
    gender              text,
    age                 integer,
    date_of_birth       date,
    email               text,
    phone               text,
    city                text,
    state               text,
    country             text,
    postal_code         text,
    team_name           text,
    division            text,
    wave_name           text,
    registration_choice text,
    raw_payload         json,
    content_fingerprint bytea,
    retracted_at        timestamptz,
    created_at          timestamptz default now(),
    updated_at          timestamptz not null default now(),
    primary key (timing_partner_id, event_id, data_source, entry_id),
    constraint declared_status_is_a_known_word check (declared_status in ('confirmed', 'dnf', 'dq')),
    constraint participant_belongs_to_an_event
        foreign key (timing_partner_id, event_id) references ct_events on delete cascade
);
comment on column ct_participants.entry_status is 'The provider''s own word.';
comment on column ct_participants.declared_status is 'What that word means for the result; null for a word we do not know.';
create index if not exists ct_participants_by_change on ct_participants (timing_partner_id, event_id, updated_at);
create index if not exists ct_participants_by_bib on ct_participants (timing_partner_id, event_id, bib_number);

create table if not exists ct_results (
    timing_partner_id   integer not null,
    event_id            text not null,
    data_source         text not null default 'tcp_hardware',
    race_id             text,
    entry_id            text,
    bib_number          text,
    first_name          text,
    last_name           text,
    gender              text,
    age                 integer,
    city                text,
    state               text,
    country             text,
    chip_time           interval,
    gun_time            interval,
    overall_place       integer,
    gender_place        integer,
    division            text,
    division_place      integer,
    result_status       text,
    provider_status     text,
    status_is_derived   boolean not null default false,
    split_times         jsonb not null default '[]',
    split_keys          text[] not null default '{}',
    begin_time          timestamptz,
    finish_time         timestamptz,
    raw_payload         json,
    content_fingerprint bytea,
    snapshot_hash       bigint,
    legacy_row_id       bigint,
    is_detail           boolean not null default false,
    retracted_at        timestamptz,
    created_at          timestamptz default now(),
    updated_at          timestamptz not null default now(),
    constraint result_is_known_once
        unique nulls not distinct (timing_partner_id, event_id, data_source, race_id, entry_id, legacy_row_id),
    constraint result_is_of_a_race_and_an_entry_unless_legacy
        check (legacy_row_id is not null or (race_id is not null and entry_id is not null)),
    constraint result_belongs_to_an_event
        foreign key (timing_partner_id, event_id) references ct_events on delete cascade,
    constraint result_status_is_a_known_word
        check (result_status in ('finished', 'dnf', 'dns', 'dq', 'started'))
);
-- A marathon's row with its splits stays in the page, uncompressed: it is read far more often than written.
alter table ct_results set (toast_tuple_target = 4080);
comment on column ct_results.legacy_row_id is
    'The id of a row that stood in a legacy table, which has several rows per participant and race. Null in ours.';
comment on column ct_results.is_detail is
    'True for a legacy row of a bracket or an interval: another row stands for that participant and race.';
comment on column ct_results.provider_status is 'The provider''s own word for the entry; never mapped when unknown.';
comment on column ct_results.status_is_derived is 'True for a dns or dnf that follows from the absence of rows.';
comment on column ct_results.split_times is
    'One object per partial interval in course order: name, elapsed_ms, cumulative_ms, at, rank.';
comment on column ct_results.split_keys is 'The provider''s interval id of each element of split_times.';
comment on column ct_results.raw_payload is 'The provider''s full-course row as it came.';
comment on column ct_results.content_fingerprint is
    'SHA-256 over times, places, splits and person. A row is written only when it or the status differs.';
comment on column ct_results.snapshot_hash is
    'Hash over the staged rows that a complete snapshot brought; equal means unchanged. Null: compare the content.';
create index if not exists ct_results_by_change on ct_results (timing_partner_id, event_id, updated_at);
create index if not exists ct_results_by_place on ct_results (timing_partner_id, event_id, race_id, overall_place);

-- The hardware events of a partner that an event of ChronoTrack Live may be, the likeliest first. A legacy row that has
-- the provider's id as its own is certainly the same event.
create or replace function alike_hardware_events(
    p_timing_partner_id integer, p_event_name text, p_start_date timestamptz, p_provider_event_id text
) returns table (event_id text, likeness text)
language sql stable as $$
    select alike.event_id, alike.likeness from (
        select e.event_id, abs(extract(epoch from e.start_date - p_start_date)) as apart,
               case when e.event_id = p_provider_event_id then 'same_id'
                    else event_likeness(e.event_name, e.start_date, p_event_name, p_start_date) end as likeness
        from ct_events e
        where e.timing_partner_id = p_timing_partner_id and e.data_source = 'tcp_hardware'
          and (e.event_id = p_provider_event_id or e.start_date is null or p_start_date is null
               or e.start_date between p_start_date - interval '1 day' and p_start_date + interval '1 day')
    ) alike
    where alike.likeness is not null
    order by array_position(array['same_id', 'same_name', 'no_date', 'similar_name', 'no_name'], alike.likeness),
             alike.apart nulls last, alike.event_id
$$;

-- The events of a partner that an event of a provider may be, the likeliest first: of ChronoTrack Live those of the
-- hardware; of a registration system those that are timed, by the hardware first.
create or replace function alike_events(
    p_timing_partner_id integer, p_is_registration boolean, p_event_name text, p_start_date timestamptz,
    p_provider_event_id text
) returns table (event_id text, likeness text)
language sql stable as $$
    select a.event_id, a.likeness
    from alike_hardware_events(p_timing_partner_id, p_event_name, p_start_date, p_provider_event_id) a
    where not p_is_registration
    union all
    select alike.event_id, alike.likeness from (
        select e.event_id, e.data_source, abs(extract(epoch from e.start_date - p_start_date)) as apart,
               event_likeness(e.event_name, e.start_date, p_event_name, p_start_date) as likeness
        from ct_events e
        where p_is_registration and e.timing_partner_id = p_timing_partner_id and e.retracted_at is null
          and e.data_source in ('tcp_hardware', 'chronotrack_live')
          and (e.start_date is null or p_start_date is null
               or e.start_date between p_start_date - interval '1 day' and p_start_date + interval '1 day')
        order by array_position(
                     array['same_name', 'no_date', 'similar_name', 'no_name'],
                     event_likeness(e.event_name, e.start_date, p_event_name, p_start_date)),
                 e.data_source <> 'tcp_hardware', 3 nulls last, e.event_id
    ) alike
    where alike.likeness is not null
$$;

-- True when the partner may already hold this event from the hardware. Fails closed: a missing name or
-- date counts as a match with every hardware event that could be meant.
create or replace function check_duplicate_chronotrack_event(
    p_event_name varchar, p_start_date timestamptz, p_timing_partner_id integer
) returns boolean
language plpgsql stable as $$
begin
    if p_timing_partner_id is null then
        raise exception 'check_duplicate_chronotrack_event needs a timing partner';
    end if;
    return exists (select from alike_hardware_events(p_timing_partner_id, p_event_name, p_start_date, null));
end $$;

create or replace function check_duplicate_chronotrack_event(
    p_event_name varchar, p_start_date timestamp, p_timing_partner_id integer
) returns boolean
language sql stable
return check_duplicate_chronotrack_event(
    p_event_name, p_start_date at time zone 'UTC', p_timing_partner_id);

insert into applied_migrations (name) values ('schema/020_chronotrack.sql') on conflict do nothing;
