-- name: page
-- The keys of what changed behind a position, in the order of transactions, and none of one that may have others before it.
with here as materialized (
    select feed_server() as server, feed_horizon() as horizon
),
marks as materialized (
    select m.transaction_id, m.event_id, m.changed_from, m.changed_to, m.is_of_event, m.is_of_all, m.gone
    from feed_marks m join here using (server)
    where m.timing_partner_id = %(timing_partner_id)s::int and m.transaction_id < here.horizon
      and (%(event_id)s::text is null or m.event_id = %(event_id)s)
      and (m.transaction_id, m.event_id) >= (%(after_transaction)s::bigint, %(after_event)s::text)
    order by m.transaction_id
    fetch first %(marks)s rows with ties
),
keys as (
    select m.transaction_id, m.event_id, r.race_id, r.entry_id as participant_id, r.data_source, m.changed_to
    from marks m
    cross join lateral (
        select c.race_id, c.entry_id, c.data_source from ct_results c
        where c.timing_partner_id = %(timing_partner_id)s and c.event_id = m.event_id
          and c.updated_at between m.changed_from and m.changed_to) r
    union all
    select m.transaction_id, m.event_id, r.race_id, r.entry_id, r.data_source, m.changed_to
    from marks m
    join ct_participants p
        on p.timing_partner_id = %(timing_partner_id)s and p.event_id = m.event_id
        and p.updated_at between m.changed_from and m.changed_to
    join ct_results r
        on r.timing_partner_id = %(timing_partner_id)s and r.event_id = m.event_id
        and (r.data_source, r.entry_id) = (p.data_source, p.entry_id)
    union all
    select m.transaction_id, m.event_id, j.race_id, j.participant_id, j.data_source, m.changed_to
    from marks m
    join joined_results j
        on j.timing_partner_id = %(timing_partner_id)s and j.event_id = m.event_id
        and (m.is_of_all or j.updated_at between m.changed_from and m.changed_to)
    union all
    select m.transaction_id, m.event_id, r.race_id, r.entry_id, r.data_source, m.changed_to
    from marks m
    join ct_results r on r.timing_partner_id = %(timing_partner_id)s and r.event_id = m.event_id
    where m.is_of_all
    union all
    select m.transaction_id, m.event_id, split_part(g.key, chr(31), 2), split_part(g.key, chr(31), 3),
           split_part(g.key, chr(31), 1), m.changed_to
    from marks m cross join lateral unnest(m.gone) as g (key)
    union all
    select m.transaction_id, m.event_id, '', '', '', m.changed_to from marks m where m.is_of_event
)
select distinct on (transaction_id, event_id, race_id, participant_id)
       transaction_id, event_id, race_id, participant_id, data_source, changed_to as changed_at
from keys
where race_id is not null and participant_id is not null
  and (transaction_id, event_id, race_id, participant_id)
    > (%(after_transaction)s, %(after_event)s, %(after_race)s::text, %(after_participant)s::text)
  and (%(until_transaction)s::bigint is null
       or (transaction_id, event_id, race_id, participant_id)
        <= (%(until_transaction)s, %(until_event)s::text, %(until_race)s::text, %(until_participant)s::text))
order by transaction_id, event_id, race_id, participant_id, data_source
limit %(limit)s;

-- name: looked_at
-- How many marks a page would look at, and the newest of them.
select count(*) as marks, max(transaction_id) as last_transaction from (
    select m.transaction_id
    from feed_marks m
    where m.server = feed_server() and m.timing_partner_id = %(timing_partner_id)s::int
      and m.transaction_id < feed_horizon()
      and (%(event_id)s::text is null or m.event_id = %(event_id)s)
      and (m.transaction_id, m.event_id) >= (%(after_transaction)s::bigint, %(after_event)s::text)
    order by m.transaction_id
    fetch first %(marks)s rows with ties
) looked_at;

-- name: now
-- Behind everything that this moment's lists show.
select feed_server() as server, feed_horizon() as transaction_id, now() as at;

-- name: shown
-- The current rows of the given keys.
select u.event_id, u.race_id, u.race_name, u.participant_id, u.bib_number, u.first_name, u.last_name, u.gender, u.age,
       u.city, u.state, u.country, u.chip_time, u.gun_time, u.overall_place, u.gender_place, u.division,
       u.division_place, u.result_status, u.provider_status, u.split_times, u.begin_time, u.finish_time,
       u.source_provider, u.is_settled, u.updated_at
from unnest(%(data_sources)s::text[], %(race_ids)s::text[], %(participant_ids)s::text[])
     as asked (data_source, race_id, participant_id)
join unified_results u using (data_source, race_id, participant_id)
where u.timing_partner_id = %(timing_partner_id)s::int and u.event_id = %(event_id)s::text;

-- name: shown_of_any_source
-- The same by race and participant alone; it reads the whole event.
select u.event_id, u.race_id, u.race_name, u.participant_id, u.bib_number, u.first_name, u.last_name, u.gender, u.age,
       u.city, u.state, u.country, u.chip_time, u.gun_time, u.overall_place, u.gender_place, u.division,
       u.division_place, u.result_status, u.provider_status, u.split_times, u.begin_time, u.finish_time,
       u.source_provider, u.is_settled, u.updated_at
from unnest(%(race_ids)s::text[], %(participant_ids)s::text[]) as asked (race_id, participant_id)
join unified_results u using (race_id, participant_id)
where u.timing_partner_id = %(timing_partner_id)s::int and u.event_id = %(event_id)s::text;

-- name: forget
-- Removes marks that no cursor reaches any more.
delete from feed_marks where changed_to < now() - %(kept)s::interval;
