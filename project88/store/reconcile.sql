-- name: statuses
-- How many results and entries of each source and status an event has.
select k.data_source, k.what, k.status, count(*)::int as rows
from (
    select r.data_source, 'result' as what, coalesce(r.result_status, 'unknown') as status from ct_results r
    where r.timing_partner_id = %(timing_partner_id)s and r.event_id = %(event_id)s and r.retracted_at is null
      and not r.is_detail
    union all
    select c.data_source, 'entry', coalesce(c.entry_status, 'unknown') from ct_participants c
    where c.timing_partner_id = %(timing_partner_id)s and c.event_id = %(event_id)s and c.retracted_at is null
) k
group by 1, 2, 3 order by 1, 2, 3;

-- name: persons
-- Each person of a joined event: which sources have an entry and a result, and the times of the results.
select l.joined_race_id as race_id, l.person_id, min(l.bib_number) as bib, min(l.person_name) as name,
       array_agg(l.data_source order by l.data_source) as sources,
       coalesce(array_agg(l.data_source order by l.data_source) filter (where r.entry_id is not null), '{}') as with_results,
       jsonb_object_agg(l.data_source, (extract(epoch from coalesce(r.chip_time, r.gun_time)) * 1000)::bigint)
           filter (where coalesce(r.chip_time, r.gun_time) is not null) as elapsed_ms,
       jsonb_object_agg(l.data_source, r.finish_time) filter (where r.finish_time is not null) as finished_at
from entry_links l
left join ct_results r on r.timing_partner_id = l.timing_partner_id and r.event_id = l.event_id
    and (r.data_source, r.race_id, r.entry_id) = (l.data_source, l.race_id, l.entry_id)
    and r.legacy_row_id is not distinct from l.legacy_row_id and r.retracted_at is null
where l.timing_partner_id = %(timing_partner_id)s and l.event_id = %(event_id)s
group by 1, 2 order by 1, 2;

-- name: same_bib
-- Bibs that entries of several sources have in the same race without being one person.
select l.joined_race_id as race_id, l.bib_number as bib,
       array_agg(l.data_source || ': ' || coalesce(l.person_name, 'without a name') order by l.data_source) as said
from entry_links l
where l.timing_partner_id = %(timing_partner_id)s and l.event_id = %(event_id)s and l.bib_number is not null
group by 1, 2
having count(distinct l.person_id) > 1 and count(distinct l.data_source) > 1
order by 1, 2;

-- name: unknown_bibs
-- Chips that were read and that nobody has.
select r.tag_code as bib, count(*)::int as reads from timing.read_statuses s
join timing.timing_reads r using (timing_partner_id, timing_read_id)
where s.timing_partner_id = %(timing_partner_id)s and s.event_id = %(event_id)s and s.status = 'unknown_bib'
group by 1 order by 2 desc, 1;
