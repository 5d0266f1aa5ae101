-- What the pages for everyone may know of all timing partners: their numbers. database/roles.sql says who may ask.

-- Its body is bound when it is made, so no search_path of a caller leads it elsewhere.
create or replace function published_partners() returns integer[]
language sql stable security definer set search_path = pg_catalog, pg_temp
return (select coalesce(array_agg(timing_partner_id order by timing_partner_id), '{}') from timing_partners);

insert into applied_migrations (name) values ('schema/075_pages.sql') on conflict do nothing;
