-- Stores the ChronoTrack Live login of one timing partner, in place of an earlier one. For psql 15 or newer.
--
-- It asks for what it is not told. Type, in psql:
--
--   \i database/chronotrack_live_credentials_setup.sql
--
-- or in a shell, where the secret comes from the environment and the rest from -v:
--
--   read -rs PROJECT88_SECRET && export PROJECT88_SECRET
--   psql -v timing_partner_id=1 -v principal=me@example.com -v base_url= -v client_id= \
--        -f database/chronotrack_live_credentials_setup.sql
--
-- The secret is the password, or its SHA-256 or SHA-1 digest. It is not echoed, it stands in no statement and in no
-- argument of a process: it goes to the server as COPY data, which no server log holds. An auditing extension of the
-- server may log more. The table holds it in plain until it is sealed, by the command that is named at the end.
-- After an error nothing is stored: in a session, type rollback; and run it again. If Ctrl-C ended the prompt for the
-- secret, \! stty echo shows again what is typed.

\set ON_ERROR_STOP on

\if :{?timing_partner_id}
\else
    \prompt 'Timing partner id: ' timing_partner_id
\endif
\if :{?principal}
\else
    \prompt 'User name at ChronoTrack Live: ' principal
\endif
\if :{?base_url}
\else
    \prompt 'base_url (empty for https://api.chronotrack.com/api): ' base_url
\endif
\if :{?client_id}
\else
    \prompt 'client_id (empty for none): ' client_id
\endif
\getenv project88_secret PROJECT88_SECRET
\if :{?project88_secret}
\else
    \! stty -echo 2>/dev/null || true
    \prompt 'Password or digest of it (not shown): ' project88_secret
    \! stty echo 2>/dev/null || true
    \echo
    \setenv PROJECT88_SECRET :project88_secret
\endif
\unset project88_secret

begin;

create temporary table typed_login (timing_partner_id text, principal text, base_url text, client_id text)
on commit drop;
create temporary table typed_secret (hex text) on commit drop;
insert into typed_login values (:'timing_partner_id', :'principal', :'base_url', :'client_id');
\copy typed_secret from program 'printf %s "$PROJECT88_SECRET" | od -An -v -tx1 | tr -d " \n"; echo'
\setenv PROJECT88_SECRET
\set login_of :timing_partner_id
\unset timing_partner_id
\unset principal
\unset base_url
\unset client_id

do $$
declare
    typed typed_login;
begin
    select * into strict typed from typed_login;
    if typed.timing_partner_id !~ '^[0-9]{1,9}$' then
        raise exception 'give the number of the timing partner as timing_partner_id; nothing was stored'
            using hint = 'select timing_partner_id, company_name from timing_partners;';
    end if;
    if not exists (select from timing_partners p where p.timing_partner_id = typed.timing_partner_id::integer) then
        raise exception 'timing partner % does not exist; nothing was stored', typed.timing_partner_id
            using hint = 'select timing_partner_id, company_name from timing_partners;';
    end if;
    if typed.principal in ('', 'actual_username') then
        raise exception 'give the user name at ChronoTrack Live as principal; nothing was stored';
    end if;
    if typed.base_url <> '' and typed.base_url !~ '^https://|^http://(localhost|127\.0\.0\.1|\[::1\])[:/]' then
        raise exception 'base_url must begin with https://; nothing was stored';
    end if;
    if not exists (select from typed_secret where hex <> '') then
        raise exception 'give the password or a digest of it, in PROJECT88_SECRET or when asked; nothing was stored';
    end if;
    if not exists (select from providers where key = 'chronotrack_live') then
        raise exception 'the provider ChronoTrack Live is missing; nothing was stored'
            using hint = 'Apply database/chronotrack_live_schema_extension.sql first.';
    end if;
end $$;

insert into partner_provider_credentials (
    timing_partner_id, provider_id, principal, secret, additional_config, created_at)
select t.timing_partner_id::integer, v.provider_id, t.principal, convert_from(decode(s.hex, 'hex'), 'UTF8'),
       jsonb_strip_nulls(jsonb_build_object(
           'base_url', nullif(t.base_url, ''), 'client_id', nullif(t.client_id, ''))),
       now()
from typed_login t, typed_secret s, providers v
where v.key = 'chronotrack_live'
on conflict (timing_partner_id, provider_id) do update set
    principal = excluded.principal,
    secret = excluded.secret,
    additional_config = excluded.additional_config,
    updated_at = now();

commit;

\echo 'Stored. Now seal the secret and try the login:'
\echo '  project88 credentials seal --timing-partner-id' :login_of
\echo '  project88 credentials test --timing-partner-id' :login_of
