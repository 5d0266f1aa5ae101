-- Events that reach us from several sources: which of them are one, who decided it, and that none is stored twice.

alter table providers add column if not exists is_registration boolean not null default false;
comment on column providers.is_registration is 'Whether its entries are the start list of events that are timed elsewhere.';
update providers set is_registration = true
where key in ('runsignup', 'race_roster', 'haku') and not is_registration;

alter table timing_partners add column if not exists duplicate_decision text not null default 'skipped';
alter table timing_partners drop constraint if exists duplicate_decision_is_a_known_word;
alter table timing_partners add constraint duplicate_decision_is_a_known_word
    check (duplicate_decision in ('skipped', 'merged'));
comment on column timing_partners.duplicate_decision is
    'What becomes of an event of ChronoTrack Live that certainly is a hardware event, until a person decides.';

create table if not exists event_sources (
    timing_partner_id integer not null references timing_partners,
    event_source_id   bigint generated always as identity,
    event_id          text not null,
    provider_id       integer not null references providers,
    provider_event_id text not null,
    decision          text not null,
    likeness          text not null,
    event_name        text,
    start_date        timestamptz,
    listed            jsonb,
    account_name      text,
    unlisted_since    timestamptz,
    upstream_state    text,
    removed_event     jsonb,
    removed_payload   json,
    found_at          timestamptz not null default now(),
    decided_at        timestamptz,
    decided_by        text,
    reason            text,
    earlier           jsonb not null default '[]',
    primary key (timing_partner_id, event_source_id),
    constraint event_source_belongs_to_an_event
        foreign key (timing_partner_id, event_id) references ct_events on delete cascade,
    constraint event_source_decision_is_a_known_word check (decision in ('review', 'skipped', 'merged', 'kept_both')),
    constraint event_source_likeness_is_a_known_word
        check (likeness in ('same_id', 'same_name', 'no_date', 'similar_name', 'no_name'))
);
alter table event_sources add column if not exists moved_with bigint;
alter table event_sources add column if not exists taken_along jsonb;
alter table event_sources add column if not exists is_further boolean not null default false;
-- An event of a provider may be several events of the hardware. One of these pairs counts; the further ones are asked about.
alter table event_sources drop constraint if exists event_of_a_provider_is_decided_once;
create unique index if not exists pair_of_events_is_known_once
    on event_sources (timing_partner_id, provider_id, provider_event_id, event_id);
create unique index if not exists one_pair_of_an_event_of_a_provider_counts
    on event_sources (timing_partner_id, provider_id, provider_event_id) where not is_further;
create unique index if not exists event_of_a_provider_is_merged_once
    on event_sources (timing_partner_id, provider_id, provider_event_id) where decision = 'merged';
create index if not exists event_sources_by_event on event_sources (timing_partner_id, event_id);
-- What a source says stands under the event without the id of the provider: rows of two of its events would be one's.
create unique index if not exists one_event_of_a_provider_is_merged
    on event_sources (timing_partner_id, provider_id, event_id) where decision = 'merged';
comment on table event_sources is 'Events of a provider that may be, or are, an event of the hardware, and what was decided.';
comment on column event_sources.event_id is 'The event of the hardware.';
comment on column event_sources.decision is
    'review: waits for a person. skipped: not collected. merged: collected under event_id. kept_both: two events.';
comment on column event_sources.decided_by is 'Null: nobody yet, the decision follows from the likeness.';
comment on column event_sources.listed is 'The event as the provider lists it, so that it can be imported without a call.';
comment on column event_sources.removed_event is 'The row of ct_events that a merge took away, for undoing it.';
comment on column event_sources.is_further is
    'True for a pair with one more event of the hardware, found when there was a decision on the first one already.';
comment on column event_sources.moved_with is
    'The event_source_id of a merge that took this one along from the event that it was of; its undoing gives it back.';
comment on column event_sources.taken_along is
    'Displays, webhooks and decisions that a merge took to event_id, names that the removed event withheld, and those new there.';
comment on column event_sources.earlier is 'The decisions before this one, the oldest first.';

create or replace trigger event_source_is_planned after insert on event_sources
    for each row execute function note_schedule_change();
create or replace trigger event_source_is_planned_anew after update on event_sources
    for each row when ((old.decision, old.event_id, old.upstream_state, coalesce(old.account_name, ''))
                       is distinct from (new.decision, new.event_id, new.upstream_state, coalesce(new.account_name, '')))
    execute function note_schedule_change();

-- During which time rows of a source stood under an event into which a merge had put them. What the page said then is asked
-- for by it when they are elsewhere.
create table if not exists merge_spans (
    timing_partner_id integer not null references timing_partners,
    merge_span_id     bigint generated always as identity,
    event_id          text not null,
    data_source       text not null,
    event_source_id   bigint not null,
    from_event        text not null,
    merged_at         timestamptz not null,
    undone_at         timestamptz,
    primary key (timing_partner_id, merge_span_id)
);
create index if not exists merge_spans_by_event on merge_spans (timing_partner_id, event_id, data_source);
comment on table merge_spans is 'When rows of a source stood under an event that they were merged into.';
comment on column merge_spans.event_source_id is 'The merge that put them there.';
comment on column merge_spans.from_event is
    'The event that they came from, later the one that they went to; event_id itself where they have no other.';
comment on column merge_spans.undone_at is 'Null: they stand there.';

-- Where rows of sources that stood under an event at an instant are today, as far as they are elsewhere.
create or replace function homes_of_rows(p_timing_partner_id integer, p_event_id text, p_at timestamptz)
returns table (data_source text, event_id text)
language sql stable as $$
    with recursive homes as (
        select s.data_source, s.from_event, 0 as steps from merge_spans s
        where s.timing_partner_id = p_timing_partner_id and s.event_id = p_event_id and s.merged_at <= p_at
          and s.undone_at > p_at
        union all
        -- They may have been merged again since, and the event into which they were may have been, too.
        select h.data_source, s.event_id, h.steps + 1 from homes h
        join merge_spans s on s.timing_partner_id = p_timing_partner_id and s.data_source = h.data_source
            and s.from_event = h.from_event and s.undone_at is null and s.event_id <> h.from_event
        where h.steps < 5
    )
    select distinct on (h.data_source) h.data_source, h.from_event from homes h order by h.data_source, h.steps desc
$$;

-- Spans go with their event; not where a merge takes it away, which is undone some day.
create or replace function forget_spans() returns trigger
language plpgsql as $$
begin
    if coalesce(current_setting('project88.decided', true), '') <> 'on' then
        delete from merge_spans s using gone g
        where (s.timing_partner_id, s.event_id) = (g.timing_partner_id, g.event_id);
    end if;
    return null;
end $$;
create or replace trigger spans_go_with_their_event after delete on ct_events
    referencing old table as gone for each statement execute function forget_spans();
-- Merges of an earlier version.
insert into merge_spans (timing_partner_id, event_id, data_source, event_source_id, from_event, merged_at)
select s.timing_partner_id, s.event_id, v.key, s.event_source_id, coalesce(s.removed_event ->> 'event_id', s.event_id),
       coalesce(s.decided_at, s.found_at)
from event_sources s
join providers v using (provider_id)
where s.decision = 'merged' and not exists (
    select from merge_spans p
    where p.timing_partner_id = s.timing_partner_id and p.event_source_id = s.event_source_id);

-- Lists of events, and events of the hardware, of one partner are stored one after the other.
create or replace function lock_events(p_timing_partner_id integer) returns void
language sql volatile
begin atomic
    select pg_advisory_xact_lock(hashtextextended('events ' || p_timing_partner_id::text, 88));
end;

-- No event of ChronoTrack Live is stored beside an event of the hardware that it may be, whoever stores it, unless a
-- person kept both.
create or replace function refuse_duplicate_event() returns trigger
language plpgsql as $$
declare
    hardware_event_id text;
begin
    if coalesce(current_setting('project88.decided', true), '') = 'on' or exists (
            select from ct_events e
            where (e.timing_partner_id, e.data_source) = (new.timing_partner_id, new.data_source)
              and (e.provider_event_id = new.provider_event_id or e.event_id = new.event_id)) then
        return new;
    end if;
    perform lock_events(new.timing_partner_id);
    if (select bool_and(s.decision = 'kept_both') from event_sources s join providers v using (provider_id)
        where s.timing_partner_id = new.timing_partner_id and v.key = new.data_source
          and s.provider_event_id = coalesce(new.provider_event_id, new.event_id)) then
        return new;
    end if;
    select a.event_id into hardware_event_id
    from alike_hardware_events(new.timing_partner_id, new.event_name, new.start_date, new.provider_event_id) a
    where not exists (
        select from event_sources s join providers v using (provider_id)
        where s.timing_partner_id = new.timing_partner_id and v.key = new.data_source and s.event_id = a.event_id
          and s.provider_event_id = coalesce(new.provider_event_id, new.event_id) and s.decision = 'kept_both')
    limit 1;
    if found then
        raise exception 'event % of ChronoTrack Live may be event % of the hardware, so it is not stored',
            coalesce(new.provider_event_id, new.event_id), hardware_event_id
            using errcode = 'unique_violation', hint = 'see project88 duplicates list';
    end if;
    return new;
end $$;
create or replace trigger duplicate_event_is_refused before insert on ct_events
    for each row when (new.data_source = 'chronotrack_live') execute function refuse_duplicate_event();

-- More events of the hardware that an event of ChronoTrack Live may be than the one of the pair that counts. Where that
-- says what becomes of it, only those that certainly are the same event; where it stands alone, every one that may be.
create or replace function further_twins(p_timing_partner_id integer, p_event_id text, p_provider_event_id text)
returns table (provider_id integer, provider_event_id text, event_id text, decision text, likeness text, event_name text,
               start_date timestamptz, listed jsonb, account_name text)
language sql stable as $$
    with known as materialized (
        select s.* from event_sources s
        join providers v on v.provider_id = s.provider_id and not v.is_registration
        where s.timing_partner_id = p_timing_partner_id and not s.is_further
          and (p_provider_event_id is null or s.provider_event_id = p_provider_event_id)
    ),
    hardware as materialized (
        select h.event_id, h.event_name, h.start_date from ct_events h
        where h.timing_partner_id = p_timing_partner_id and h.data_source = 'tcp_hardware'
          and (p_event_id is null or h.event_id = p_event_id)
    )
    select s.provider_id, s.provider_event_id, h.event_id, s.decision, alike.likeness, s.event_name, s.start_date, s.listed,
           s.account_name
    from known s
    join hardware h on h.event_id <> s.event_id
        and (h.event_id = s.provider_event_id or h.start_date is null or s.start_date is null
             or h.start_date between s.start_date - interval '1 day' and s.start_date + interval '1 day')
        -- How alike two names are takes a hundred times longer.
        and (s.decision = 'kept_both' or h.event_id = s.provider_event_id
             or normalised_event_name(h.event_name) = normalised_event_name(s.event_name))
    cross join lateral (
        select case when h.event_id = s.provider_event_id then 'same_id'
                    else event_likeness(h.event_name, h.start_date, s.event_name, s.start_date) end as likeness
        offset 0
    ) alike
    where alike.likeness in ('same_id', 'same_name') or alike.likeness is not null and s.decision = 'kept_both'
$$;

-- They wait for a person, and do so no longer when they are alike no more. The decision on the first pair stands.
create or replace function flag_further_twins(p_timing_partner_id integer, p_event_id text, p_provider_event_id text)
returns void
language sql as $$
    delete from event_sources s
    where s.timing_partner_id = p_timing_partner_id and s.is_further and s.decision = 'review' and s.decided_by is null
      and (p_event_id is null or s.event_id = p_event_id)
      and (p_provider_event_id is null or s.provider_event_id = p_provider_event_id)
      and not exists (
          select from further_twins(p_timing_partner_id, s.event_id, s.provider_event_id) t
          where t.provider_id = s.provider_id);
    insert into event_sources (
        timing_partner_id, event_id, provider_id, provider_event_id, decision, likeness, event_name, start_date, listed,
        account_name, is_further)
    select p_timing_partner_id, t.event_id, t.provider_id, t.provider_event_id, 'review', t.likeness, t.event_name,
           t.start_date, t.listed, t.account_name, true
    from further_twins(p_timing_partner_id, p_event_id, p_provider_event_id) t
    where t.decision <> 'review'
    on conflict do nothing;
$$;

create or replace function flag_further_twins_of_source() returns trigger
language plpgsql as $$
begin
    perform flag_further_twins(new.timing_partner_id, null, new.provider_event_id);
    return null;
end $$;
create or replace trigger further_twins_are_flagged after insert on event_sources
    for each row when (not new.is_further and new.decision <> 'review') execute function flag_further_twins_of_source();
create or replace trigger further_twins_are_flagged_anew after update on event_sources
    for each row when (not new.is_further and new.decision <> 'review'
                       and (old.decision, old.event_id, old.event_name, old.start_date, old.is_further)
                           is distinct from (new.decision, new.event_id, new.event_name, new.start_date, new.is_further))
    execute function flag_further_twins_of_source();

-- Where the pair that counts goes with its event of the hardware, the oldest of the further ones counts.
create or replace function let_further_pair_count() returns trigger
language plpgsql as $$
begin
    update event_sources s set is_further = false
    where s.timing_partner_id = old.timing_partner_id and s.event_source_id = (
        select min(o.event_source_id) from event_sources o
        where (o.timing_partner_id, o.provider_id, o.provider_event_id)
            = (old.timing_partner_id, old.provider_id, old.provider_event_id));
    return null;
end $$;
create or replace trigger a_further_pair_counts after delete on event_sources
    for each row when (not old.is_further) execute function let_further_pair_count();

-- An event that is timed comes, or changes, beside an event of another source that is stored and may be the same; or such
-- an event comes beside one that is timed. A person decides, or for a registration system the rule.
create or replace function flag_duplicate_events() returns trigger
language plpgsql as $$
begin
    if new.data_source = 'file' or new.data_source = 'chronotrack_live' and tg_op = 'INSERT' and not exists (
            select from ct_events e join providers v on v.key = e.data_source
            where e.timing_partner_id = new.timing_partner_id and v.is_registration) then
        return null;
    end if;
    perform lock_events(new.timing_partner_id);
    delete from event_sources s using ct_events e, providers v
    where s.timing_partner_id = new.timing_partner_id and s.decision = 'review' and s.decided_by is null
      and v.provider_id = s.provider_id and e.timing_partner_id = s.timing_partner_id and e.data_source = v.key
      and s.provider_event_id = coalesce(e.provider_event_id, e.event_id)
      and (s.event_id = new.event_id or e.event_id = new.event_id)
      and not exists (
          select from alike_events(
              s.timing_partner_id, v.is_registration, e.event_name, e.start_date, s.provider_event_id) a
          where a.event_id = s.event_id);
    insert into event_sources (
        timing_partner_id, event_id, provider_id, provider_event_id, decision, likeness, event_name, start_date,
        account_name)
    select e.timing_partner_id, a.event_id, v.provider_id, coalesce(e.provider_event_id, e.event_id), 'review',
           a.likeness, e.event_name, e.start_date, e.account_name
    from ct_events e
    join providers v on v.key = e.data_source
    cross join lateral (
        select * from alike_events(
            e.timing_partner_id, v.is_registration, e.event_name, e.start_date,
            coalesce(e.provider_event_id, e.event_id)) limit 1) a
    where e.timing_partner_id = new.timing_partner_id
      and (v.key = 'chronotrack_live' or v.is_registration) and e.retracted_at is null
      and (new.event_id = e.event_id
           or (new.data_source = 'tcp_hardware' or v.is_registration and new.data_source = 'chronotrack_live') and (
               new.event_id = coalesce(e.provider_event_id, e.event_id) or new.start_date is null or e.start_date is null
               or e.start_date between new.start_date - interval '1 day' and new.start_date + interval '1 day'))
    on conflict do nothing;
    if new.data_source = 'tcp_hardware' then
        perform flag_further_twins(new.timing_partner_id, new.event_id, null);
    elsif new.data_source = 'chronotrack_live' then
        update event_sources s set event_name = new.event_name, start_date = new.start_date
        from providers v
        where v.key = new.data_source and v.provider_id = s.provider_id and s.timing_partner_id = new.timing_partner_id
          and s.provider_event_id = coalesce(new.provider_event_id, new.event_id)
          and (s.event_name, s.start_date) is distinct from (new.event_name, new.start_date);
    end if;
    return null;
end $$;
create or replace trigger duplicate_of_a_new_event_is_flagged after insert on ct_events
    for each row execute function flag_duplicate_events();
create or replace trigger duplicate_of_a_changed_event_is_flagged after update on ct_events
    for each row when ((old.event_name, old.start_date, old.data_source)
                       is distinct from (new.event_name, new.start_date, new.data_source))
    execute function flag_duplicate_events();

-- Pairs that a database held before it knew of this.
insert into event_sources (
    timing_partner_id, event_id, provider_id, provider_event_id, decision, likeness, event_name, start_date, account_name)
select e.timing_partner_id, a.event_id, v.provider_id, coalesce(e.provider_event_id, e.event_id), 'review', a.likeness,
       e.event_name, e.start_date, e.account_name
from ct_events e
join providers v on v.key = e.data_source
cross join lateral (
    select * from alike_events(
        e.timing_partner_id, v.is_registration, e.event_name, e.start_date, coalesce(e.provider_event_id, e.event_id))
    limit 1) a
where e.data_source = 'chronotrack_live' or v.is_registration
on conflict do nothing;
do $$
begin
    perform flag_further_twins(timing_partner_id, null, null) from timing_partners;
end $$;

insert into applied_migrations (name) values ('schema/072_duplicates.sql') on conflict do nothing;
