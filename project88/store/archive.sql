-- name: add_reading
-- A reading of an event, with how it was merged.
insert into raw_readings (timing_partner_id, event_id, data_source, sync_history_id, merges)
values (%(timing_partner_id)s, %(event_id)s, %(data_source)s, %(sync_history_id)s, %(merges)s)
returning raw_reading_id;

-- name: add_list
-- One list of it.
insert into raw_lists (timing_partner_id, raw_reading_id, list_no, list_name, stream, row_count, chunks)
values (%(timing_partner_id)s, %(raw_reading_id)s, %(list_no)s, %(list_name)s, %(stream)s, %(row_count)s, %(chunks)s);

-- name: forget_lists
-- Lists of earlier readings, of the streams that a complete reading replaces. Rows that it lacks and that are shown all
-- the same, because a retraction waits or was dismissed, rest on an earlier one, so then all are kept.
delete from raw_lists l using raw_readings r
where r.timing_partner_id = %(timing_partner_id)s and r.event_id = %(event_id)s and r.data_source = %(data_source)s
  and r.raw_reading_id < %(raw_reading_id)s
  and (l.timing_partner_id, l.raw_reading_id) = (r.timing_partner_id, r.raw_reading_id)
  and l.stream = any (%(streams)s::text[])
  and not exists (
      select from held_retractions h
      where (h.timing_partner_id, h.event_id, h.data_source) = (r.timing_partner_id, r.event_id, r.data_source)
        and h.stream = l.stream and h.state in ('held', 'dismissed'));

-- name: forget_readings
-- Earlier readings of which only the course is left.
delete from raw_readings r
where r.timing_partner_id = %(timing_partner_id)s and r.event_id = %(event_id)s and r.data_source = %(data_source)s
  and r.raw_reading_id < %(raw_reading_id)s
  and not exists (
      select from raw_lists l
      where (l.timing_partner_id, l.raw_reading_id) = (r.timing_partner_id, r.raw_reading_id) and l.stream <> 'course');

-- name: readings
-- The readings that the rows of a source rest on.
select raw_reading_id, merges::text, read_at from raw_readings
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
order by raw_reading_id;

-- name: lists
-- The lists of a reading.
select list_no, list_name, stream, row_count, chunks from raw_lists
where timing_partner_id = %(timing_partner_id)s and raw_reading_id = %(raw_reading_id)s
order by list_no >= 0, abs(list_no);
