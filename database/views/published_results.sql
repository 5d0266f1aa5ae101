-- What everybody may see of unified_results: without the name and home of who is withheld, and without the ages that
-- partner or event hide. The bib, the times and the places stay.
drop view if exists published_results;
create view published_results with (security_invoker = true) as
select
    u.timing_partner_id,
    u.source_provider,
    u.data_source,
    u.event_id,
    u.provider_event_id,
    u.event_name,
    u.event_date,
    u.race_id,
    u.race_name,
    u.participant_id,
    u.bib_number,
    case when not w.is_withheld then u.first_name end as first_name,
    case when not w.is_withheld then u.last_name end as last_name,
    u.gender,
    case when not w.is_withheld and (s.shown_ages = 'all' or s.shown_ages = 'adults' and u.age >= 18) then u.age end
        as age,
    case when not w.is_withheld then u.city end as city,
    case when not w.is_withheld then u.state end as state,
    case when not w.is_withheld then u.country end as country,
    u.chip_time,
    u.gun_time,
    u.overall_place,
    u.gender_place,
    u.division,
    u.division_place,
    u.result_status,
    u.provider_status,
    u.split_times,
    u.begin_time,
    u.finish_time,
    u.updated_at,
    u.is_settled,
    w.is_withheld as is_name_withheld
from unified_results u
join (
    select e.timing_partner_id, e.event_id, coalesce(e.shown_ages, p.shown_ages) as shown_ages
    from ct_events e join timing_partners p using (timing_partner_id)
) s using (timing_partner_id, event_id)
-- Asked once a row, not once a column.
cross join lateral (
    select exists (
        select from ct_participants c
        where (c.timing_partner_id, c.event_id, c.data_source, c.entry_id)
            = (u.timing_partner_id, u.event_id, u.data_source, u.participant_id)
          and asks_for_anonymity(c.data_source, c.raw_payload)
    ) or exists (
        select from entry_links l
        join ct_participants c
            on (c.timing_partner_id, c.event_id, c.data_source, c.entry_id)
             = (l.timing_partner_id, l.event_id, l.data_source, l.entry_id)
        where (l.timing_partner_id, l.event_id, l.joined_race_id, l.person_id)
            = (u.timing_partner_id, u.event_id, u.race_id, u.participant_id)
          and asks_for_anonymity(c.data_source, c.raw_payload)
    ) or exists (
        select from withheld_names n
        where (n.timing_partner_id, n.event_id, n.bib_number) = (u.timing_partner_id, u.event_id, u.bib_number)
    ) as is_withheld
    offset 0
) w;

insert into applied_migrations (name) values ('views/published_results.sql') on conflict do nothing;
