-- When displays were last asked for. Pages note it, and they work by a login that may write nothing.

alter table displays add column if not exists last_seen_at timestamptz;
comment on column displays.last_seen_at is
    'When a screen last asked for it or followed it, to the minute; null: never.';

-- Notes that screens show the open displays of these tokens, once a minute for each whoever says it; how many it noted.
create or replace function note_displays_seen(p_token_hashes bytea[]) returns bigint
language sql volatile security definer set search_path = pg_catalog, pg_temp
begin atomic
    with noted as (
        update displays d set last_seen_at = now()
        where d.token_hash = any (p_token_hashes) and d.revoked_at is null and d.expires_at > now()
          and (d.last_seen_at is null or d.last_seen_at < now() - interval '1 minute')
        returning 1
    )
    select count(*) from noted;
end;

insert into applied_migrations (name) values ('schema/091_displays_seen.sql') on conflict do nothing;
