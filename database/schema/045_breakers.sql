-- Credentials whose service is dead or refuses the login: asked no more for a while, then by one poll alone.
-- Outages are real, so these instants are the server's own and not the hub clock's.

create table if not exists credential_breakers (
    timing_partner_id integer not null references timing_partners,
    provider_id       integer not null references providers,
    account_name      text not null default '',
    kind              text not null,
    failures          integer not null,
    reason            text not null,
    open_until        timestamptz,
    open_seconds      double precision not null default 0,
    probe_until       timestamptz,
    changed_at        timestamptz not null default clock_timestamp(),
    primary key (timing_partner_id, provider_id, account_name),
    constraint breaker_kind_is_a_known_word check (kind in ('service', 'login'))
);
comment on table credential_breakers is
    'One row per credential whose last poll failed; a success deletes it.';
comment on column credential_breakers.account_name is
    'The account in partner_provider_accounts; empty for the main one, in partner_provider_credentials.';
comment on column credential_breakers.failures is 'Failures since the last success.';
comment on column credential_breakers.open_until is 'Nobody asks before; then one poll probes. Null: open to everybody.';
comment on column credential_breakers.probe_until is
    'Set while one poll probes. A probe that was killed is given up at this instant.';

-- Notes a failure. A dead service opens the breaker at the 5th in a row, a refused login at once; a failed probe opens
-- it again for twice as long. Failures of polls that had begun before it opened change nothing.
create or replace function breaker_failed(
    p_timing_partner_id integer, p_provider_id integer, p_account_name text, p_kind text, p_reason text
) returns void
language plpgsql volatile as $$
declare
    present constant timestamptz := clock_timestamp();
    first_seconds constant double precision := case p_kind when 'login' then 15 * 60 else 30 end;
    longest_seconds constant double precision := case p_kind when 'login' then 6 * 3600 else 10 * 60 end;
    failures_allowed constant integer := case p_kind when 'login' then 0 else 4 end;
    b credential_breakers;
begin
    insert into credential_breakers (timing_partner_id, provider_id, account_name, kind, failures, reason)
    values (p_timing_partner_id, p_provider_id, p_account_name, p_kind, 0, p_reason) on conflict do nothing;
    select * into b from credential_breakers
    where (timing_partner_id, provider_id, account_name) = (p_timing_partner_id, p_provider_id, p_account_name) for update;
    b.failures := b.failures + 1;
    b.changed_at := present;
    if b.open_until > present and (b.kind = p_kind or b.kind = 'login') then
        update credential_breakers set failures = b.failures
        where (timing_partner_id, provider_id, account_name) = (p_timing_partner_id, p_provider_id, p_account_name);
        return;
    end if;
    if b.failures > failures_allowed or b.open_until is not null then
        b.open_seconds := case
            when b.kind = p_kind and b.open_seconds > 0 then least(2 * b.open_seconds, longest_seconds)
            else first_seconds end;
        b.open_until := present + make_interval(secs => b.open_seconds);
    end if;
    update credential_breakers set
        kind = p_kind, failures = b.failures, reason = p_reason, open_until = b.open_until,
        open_seconds = b.open_seconds, probe_until = null, changed_at = present
    where (timing_partner_id, provider_id, account_name) = (p_timing_partner_id, p_provider_id, p_account_name);
end $$;

-- A login that was changed deserves a try at once. One whose secret was only sealed or resealed is the same login.
create or replace function forget_breaker_of_login() returns trigger
language plpgsql as $$
begin
    delete from credential_breakers
    where (timing_partner_id, provider_id, account_name)
        = (old.timing_partner_id, old.provider_id, coalesce(to_jsonb(old) ->> 'account_name', ''));
    return null;
end $$;
create or replace trigger changed_login_closes_its_breaker
    after update or delete on partner_provider_credentials
    for each row when (coalesce(current_setting('project88.same_login', true), '') <> 'on')
    execute function forget_breaker_of_login();
create or replace trigger changed_account_closes_its_breaker
    after update or delete on partner_provider_accounts
    for each row when (coalesce(current_setting('project88.same_login', true), '') <> 'on')
    execute function forget_breaker_of_login();

insert into applied_migrations (name) values ('schema/045_breakers.sql') on conflict do nothing;
