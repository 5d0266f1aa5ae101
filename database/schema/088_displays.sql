-- What everybody may see: whose name and age the pages withhold, and displays that anybody with their address may open.

alter table timing_partners add column if not exists shown_ages text not null default 'all';
alter table ct_events add column if not exists shown_ages text;
comment on column timing_partners.shown_ages is
    'Which ages pages for everyone show: all, adults (those of 18 years or more) or none.';
comment on column ct_events.shown_ages is 'The same for one event; null: as its timing partner has it.';
do $$
begin
    if not exists (select from pg_constraint where conname = 'shown_ages_of_a_partner_are_a_known_word'
                   and conrelid = to_regclass('timing_partners')) then
        alter table timing_partners add constraint shown_ages_of_a_partner_are_a_known_word
            check (shown_ages in ('all', 'adults', 'none'));
    end if;
    if not exists (select from pg_constraint where conname = 'shown_ages_of_an_event_are_a_known_word'
                   and conrelid = to_regclass('ct_events')) then
        alter table ct_events add constraint shown_ages_of_an_event_are_a_known_word
            check (shown_ages in ('all', 'adults', 'none'));
    end if;
end $$;

-- RunSignUp tells of each account whether it wants to be anonymous. No other source of ours says such a thing. How the
-- field is called is not known for certain, so any name with the word counts: a name withheld in vain can be shown
-- later, one shown in vain cannot be taken back.
create or replace function asks_for_anonymity(p_data_source text, p_raw json) returns boolean
language sql immutable
return p_data_source = 'runsignup'
    and coalesce(p_raw::text ~* '"[a-z_]*anonymous[a-z_]*"\s*:\s*("(t|true|y|yes|1)"|true|1)\s*[,}]', false);

-- Its entries were found by the function as it was.
drop index if exists ct_participants_anonymous;
create index ct_participants_anonymous on ct_participants (timing_partner_id, event_id, entry_id)
    where asks_for_anonymity(data_source, raw_payload);

create table if not exists withheld_names (
    timing_partner_id integer not null,
    event_id          text not null,
    bib_number        text not null,
    decided_by        text not null,
    decided_at        timestamptz not null default now(),
    primary key (timing_partner_id, event_id, bib_number),
    constraint withheld_name_belongs_to_an_event
        foreign key (timing_partner_id, event_id) references ct_events on delete cascade
);
comment on table withheld_names is 'Bibs whose name pages do not show because somebody asked for that.';

create table if not exists displays (
    timing_partner_id integer not null,
    display_id        bigint generated always as identity,
    event_id          text not null,
    timing_session_id bigint,
    race_id           text,
    kind              text not null,
    token_hash        bytea not null,
    created_by        text not null,
    created_at        timestamptz not null default now(),
    expires_at        timestamptz not null,
    revoked_at        timestamptz,
    primary key (timing_partner_id, display_id),
    constraint display_kind_is_a_known_word check (kind in ('announcer', 'wall')),
    constraint display_belongs_to_an_event
        foreign key (timing_partner_id, event_id) references ct_events on delete cascade,
    constraint display_belongs_to_a_timing_session
        foreign key (timing_partner_id, timing_session_id) references timing.timing_sessions on delete cascade
);
comment on table displays is 'Screens that follow an event. Times are the server''s, not hub time: an address ends for real.';
comment on column displays.token_hash is 'SHA-256 of the secret part of the address, which is kept nowhere.';
comment on column displays.timing_session_id is 'Show only who was read by this session''s computer; null: the whole event.';
comment on column displays.race_id is 'Show only this race; null: every race.';
create index if not exists displays_by_token on displays (token_hash);

-- The display of a token while it may be shown, whichever partner's it is. Pages may ask this and cannot list displays.
-- A session that was bound to another event meanwhile shows nothing.
create or replace function shown_display(p_token_hash bytea)
returns table (timing_partner_id integer, display_id bigint, event_id text, timing_session_id bigint, race_id text,
               kind text, expires_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select d.timing_partner_id, d.display_id, d.event_id, d.timing_session_id, d.race_id, d.kind, d.expires_at
    from displays d
    where d.token_hash = p_token_hash and d.revoked_at is null and d.expires_at > now()
      and (d.timing_session_id is null
           or exists (select from timing.timing_sessions s
                      where (s.timing_partner_id, s.timing_session_id, s.event_id)
                          = (d.timing_partner_id, d.timing_session_id, d.event_id)));
end;

-- Displays and pages show who finished last.
create index if not exists ct_results_by_finish on ct_results (timing_partner_id, event_id, finish_time desc);
create index if not exists joined_results_by_finish on joined_results (timing_partner_id, event_id, finish_time desc);

insert into applied_migrations (name) values ('schema/088_displays.sql') on conflict do nothing;
