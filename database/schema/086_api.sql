-- The JSON API: its tokens, its feed of changes, and the webhooks that the feed is sent to.

create table if not exists api_tokens (
    api_token_id      bigint generated always as identity primary key,
    timing_partner_id integer not null references timing_partners on delete cascade,
    name              text not null,
    token_hash        bytea not null,
    scopes            text[] not null,
    created_at        timestamptz not null default now(),
    expires_at        timestamptz,
    revoked_at        timestamptz,
    last_used_at      timestamptz,
    constraint token_is_known_once unique (token_hash),
    constraint token_is_stored_as_its_sha256 check (octet_length(token_hash) = 32),
    constraint token_scopes_are_known check (scopes <@ array['results', 'participants', 'status'])
);
create index if not exists api_tokens_by_partner on api_tokens (timing_partner_id);
comment on table api_tokens is 'Who may read a timing partner''s own rows by the API. Kept from readers.';
comment on column api_tokens.last_used_at is 'To the minute.';

-- Numbers of transactions mean something on one server only.
create or replace function feed_server() returns bigint
language sql stable
return (select system_identifier from pg_control_system());

-- Behind this number may be transactions that are under way. The server's other databases do not count, as far as they
-- are known for others; stable, so that it is of the snapshot that its caller's statement has.
create or replace function feed_horizon() returns bigint
language sql stable as $$
    select coalesce(min(u.transaction_id), pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
    from (select x::text::bigint as transaction_id from pg_snapshot_xip(pg_current_snapshot()) x) u
    where not exists (
        select from pg_stat_activity a
        where a.datname <> current_database() and a.backend_xid::text::bigint = u.transaction_id & 4294967295)
$$;

-- What a transaction changed in an event, one row per event. Readers take the marks in the order of transactions, and
-- none while one before it may still be under way, so that a feed skips nothing whoever commits first.
create table if not exists feed_marks (
    timing_partner_id integer not null references timing_partners on delete cascade,
    transaction_id    bigint not null default pg_current_xact_id()::text::bigint,
    event_id          text not null,
    server            bigint not null default feed_server(),
    changed_from      timestamptz not null default now(),
    changed_to        timestamptz not null default clock_timestamp(),
    is_of_event       boolean not null default false,
    is_of_all         boolean not null default false,
    gone              text[] not null default '{}',
    primary key (timing_partner_id, server, transaction_id, event_id)
);
create index if not exists feed_marks_by_event on feed_marks (timing_partner_id, event_id, server, transaction_id);
comment on table feed_marks is 'Which rows a transaction changed: by their updated_at. Kept 30 days.';
comment on column feed_marks.server is 'A copy that is restored on another server begins its feed anew.';
comment on column feed_marks.is_of_all is 'The event shows other rows than before: all have to be looked at.';
comment on column feed_marks.gone is 'Rows that were removed: source, race and entry with a unit separator between.';

create table if not exists webhooks (
    webhook_id        bigint generated always as identity primary key,
    timing_partner_id integer not null references timing_partners on delete cascade,
    url               text not null,
    event_id          text,
    secret            text not null,
    created_at        timestamptz not null default now(),
    position          text not null,
    pending_to        text,
    pending_id        uuid,
    failures          integer not null default 0,
    next_attempt_at   timestamptz not null default now(),
    last_delivered_at timestamptz,
    last_error        text,
    constraint webhook_is_known_once unique (timing_partner_id, url),
    constraint pending_delivery_is_whole check ((pending_to is null) = (pending_id is null))
);
comment on table webhooks is 'Where changed results are sent. Kept from readers.';
comment on column webhooks.secret is 'Signs what is sent; sealed.';
comment on column webhooks.position is 'The cursor behind what was delivered.';
comment on column webhooks.pending_to is 'The cursor behind what is under way. A retry has the same bounds and id.';

create or replace function mark_change(
    p_timing_partner_id integer, p_event_id text, p_is_of_event boolean, p_is_of_all boolean, p_gone text[]
) returns void
language sql as $$
    insert into feed_marks as m (timing_partner_id, event_id, is_of_event, is_of_all, gone)
    select p_timing_partner_id, p_event_id, p_is_of_event, p_is_of_all, p_gone
    where exists (select from timing_partners p where p.timing_partner_id = p_timing_partner_id)
    on conflict (timing_partner_id, server, transaction_id, event_id) do update
    set changed_to = clock_timestamp(), is_of_event = m.is_of_event or excluded.is_of_event,
        is_of_all = m.is_of_all or excluded.is_of_all, gone = m.gone || excluded.gone
$$;

create or replace function mark_written_rows() returns trigger
language plpgsql as $$
begin
    perform mark_change(d.timing_partner_id, d.event_id, false, false, '{}')
    from (select distinct timing_partner_id, event_id from became order by 1, 2) d;
    return null;
end $$;
create or replace trigger written_results_are_marked after insert on ct_results
    referencing new table as became for each statement execute function mark_written_rows();
create or replace trigger changed_results_are_marked after update on ct_results
    referencing new table as became for each statement execute function mark_written_rows();
create or replace trigger written_participants_are_marked after insert on ct_participants
    referencing new table as became for each statement execute function mark_written_rows();
create or replace trigger changed_participants_are_marked after update on ct_participants
    referencing new table as became for each statement execute function mark_written_rows();
create or replace trigger written_joins_are_marked after insert on joined_results
    referencing new table as became for each statement execute function mark_written_rows();
create or replace trigger changed_joins_are_marked after update on joined_results
    referencing new table as became for each statement execute function mark_written_rows();

create or replace function mark_removed_results() returns trigger
language plpgsql as $$
begin
    perform mark_change(d.timing_partner_id, d.event_id, false, false, d.keys)
    from (select timing_partner_id, event_id,
                 array_agg(data_source || chr(31) || result_key(race_id, entry_id, null)) as keys
          from gone group by 1, 2 order by 1, 2) d;
    return null;
end $$;
create or replace trigger removed_results_are_marked after delete on ct_results
    referencing old table as gone for each statement execute function mark_removed_results();

create or replace function mark_removed_joins() returns trigger
language plpgsql as $$
begin
    perform mark_change(d.timing_partner_id, d.event_id, false, false, d.keys)
    from (select timing_partner_id, event_id,
                 array_agg(data_source || chr(31) || result_key(race_id, participant_id, null)) as keys
          from gone group by 1, 2 order by 1, 2) d;
    return null;
end $$;
create or replace trigger removed_joins_are_marked after delete on joined_results
    referencing old table as gone for each statement execute function mark_removed_joins();

create or replace function mark_event() returns trigger
language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        perform mark_change(old.timing_partner_id, old.event_id, true, false, '{}');
    elsif tg_op = 'INSERT' then
        perform mark_change(new.timing_partner_id, new.event_id, true, false, '{}');
    else
        perform mark_change(
            new.timing_partner_id, new.event_id, true,
            new.is_joined <> old.is_joined or (new.retracted_at is null) <> (old.retracted_at is null)
            or (new.settled_at is null) <> (old.settled_at is null), '{}');
    end if;
    return null;
end $$;
create or replace trigger changed_event_is_marked after insert or update or delete on ct_events
    for each row execute function mark_event();

insert into applied_migrations (name) values ('schema/086_api.sql') on conflict do nothing;
