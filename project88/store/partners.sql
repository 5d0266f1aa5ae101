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

-- name: credentials
-- The logins of one partner or of all, one provider or all.
select c.timing_partner_id, p.company_name, p.time_zone, c.provider_id, v.key as provider_key, c.principal, c.secret,
       c.additional_config, c.created_at, c.updated_at
from partner_provider_credentials c
join timing_partners p using (timing_partner_id)
join providers v using (provider_id)
where v.key is not null
  and (%(timing_partner_id)s::int is null or c.timing_partner_id = %(timing_partner_id)s)
  and (%(provider_key)s::text is null or v.key = %(provider_key)s)
order by c.timing_partner_id, c.provider_id;
