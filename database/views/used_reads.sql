-- Which session's computer made the read that counts for a bib at a point of the course.
drop view if exists used_reads;
create view used_reads with (security_invoker = true) as
select r.timing_partner_id, s.event_id, r.timing_session_id, r.tag_code as bib_number, s.point, r.read_time
from timing.timing_reads r
join timing.read_statuses s using (timing_partner_id, timing_read_id)
where s.status = 'used';

insert into applied_migrations (name) values ('views/used_reads.sql') on conflict do nothing;
