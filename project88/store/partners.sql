-- name: add_partner
-- A new timing partner; no row where the name is taken, and then no number is used up.
insert into timing_partners (company_name, time_zone)
select %(company_name)s, %(time_zone)s
where not exists (select from timing_partners where company_name = %(company_name)s)
on conflict do nothing
returning timing_partner_id;

-- name: partners
-- Every timing partner with what is stored for it.
select p.timing_partner_id, p.company_name, p.time_zone,
       (select count(*) from partner_provider_credentials c where c.timing_partner_id = p.timing_partner_id) as credentials,
       (select count(*) from ct_events e where e.timing_partner_id = p.timing_partner_id) as events
from timing_partners p order by p.timing_partner_id;

-- name: set_credentials
-- Stores the login of a partner with a provider.
insert into partner_provider_credentials as c
    (timing_partner_id, provider_id, principal, secret, additional_config)
select %(timing_partner_id)s, provider_id, %(principal)s, %(secret)s, %(additional_config)s::jsonb
from providers where key = %(provider_key)s
on conflict (timing_partner_id, provider_id) do update set
    principal = excluded.principal, secret = excluded.secret, additional_config = excluded.additional_config,
    updated_at = now()
returning c.provider_id;

-- name: set_account
-- Stores a further account of a partner with a provider.
insert into partner_provider_accounts as a
    (timing_partner_id, provider_id, account_name, principal, secret, additional_config)
select %(timing_partner_id)s, provider_id, %(account_name)s, %(principal)s, %(secret)s, %(additional_config)s::jsonb
from providers where key = %(provider_key)s
on conflict (timing_partner_id, provider_id, account_name) do update set
    principal = excluded.principal, secret = excluded.secret, additional_config = excluded.additional_config,
    updated_at = now()
returning a.provider_id;

-- name: partner_exists
-- A row where the partner exists.
select from timing_partners where timing_partner_id = %(timing_partner_id)s;

-- name: lock_logins
-- Lets nobody else write logins until the end of the transaction.
lock table partner_provider_credentials, partner_provider_accounts in share row exclusive mode;

-- name: same_login
-- Says to the triggers whether what follows leaves the logins as they are, though their secrets read differently.
select set_config('project88.same_login', %(same)s, true);

-- name: replace_secret
-- Writes the secrets of a main account in another form.
update partner_provider_credentials set
    secret = %(secret)s,
    additional_config = case when %(secret_settings)s::jsonb = '{}' then additional_config
        else additional_config || %(secret_settings)s::jsonb end
where (timing_partner_id, provider_id) = (%(timing_partner_id)s, %(provider_id)s);

-- name: replace_account_secret
-- Writes the secrets of a further account in another form.
update partner_provider_accounts set
    secret = %(secret)s,
    additional_config = case when %(secret_settings)s::jsonb = '{}' then additional_config
        else additional_config || %(secret_settings)s::jsonb end
where (timing_partner_id, provider_id, account_name)
    = (%(timing_partner_id)s, %(provider_id)s, %(account_name)s);

-- name: credentials
-- The logins of one partner or of all, one provider or all; the main account of a provider comes first. A legacy row
-- without a name or a secret is none.
with logins as (
    select timing_partner_id, provider_id, '' as account_name, principal, secret, additional_config, created_at,
           updated_at
    from partner_provider_credentials
    union all
    select timing_partner_id, provider_id, account_name, principal, secret, additional_config, created_at, updated_at
    from partner_provider_accounts)
select c.timing_partner_id, p.company_name, p.time_zone, c.provider_id, v.key as provider_key, c.account_name,
       c.principal, c.secret, c.additional_config, c.created_at, c.updated_at
from logins c
join timing_partners p using (timing_partner_id)
join providers v using (provider_id)
where v.key is not null and c.principal is not null and c.secret is not null
  and (%(timing_partner_id)s::int is null or c.timing_partner_id = %(timing_partner_id)s)
  and (%(provider_key)s::text is null or v.key = %(provider_key)s)
order by c.timing_partner_id, c.provider_id, c.account_name;

-- name: provider_id
-- The number of a provider.
select provider_id from providers where key = %(provider_key)s;

-- name: connections
-- Of each provider how many accounts are stored, and when an attempt last completed or reads last came.
select v.key,
       ((select count(*) from partner_provider_credentials c where c.provider_id = v.provider_id)
        + (select count(*) from partner_provider_accounts a where a.provider_id = v.provider_id))::int as accounts,
       case v.key
           when 'chronotrack_tcp' then (select max(last_connected_at) from timing.timing_sessions)
           else (select max(h.sync_time) from sync_history h
                 where h.provider_id = v.provider_id and h.status = 'completed')
       end as last_success_at
from providers v where v.key is not null;
