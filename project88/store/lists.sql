-- name: known
-- The page digests of each list of an event as it was last read completely under the same rules.
select list_name, page_size, row_count, stored_rows, page_digests, stream from collected_lists
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
  and rules_version = %(rules_version)s;

-- name: known_rows
-- The row digests of a list of results. While a retraction is open the staged rows decide about it, so all are staged.
select row_digests from collected_lists c
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
  and list_name = %(list_name)s and row_digests is not null
  and not exists (
      select from held_retractions h
      where (h.timing_partner_id, h.event_id, h.data_source) = (c.timing_partner_id, c.event_id, c.data_source)
        and h.stream = 'results' and h.state in ('held', 'dismissed'));

-- name: remember
-- Remembers a list that was read completely.
insert into collected_lists (
    timing_partner_id, event_id, data_source, list_name, rules_version, page_size, row_count, stored_rows,
    page_digests, row_digests, stream)
values (%(timing_partner_id)s, %(event_id)s, %(data_source)s, %(list_name)s, %(rules_version)s, %(page_size)s,
        %(row_count)s, %(stored_rows)s, %(page_digests)s, %(row_digests)s, %(stream)s)
on conflict (timing_partner_id, event_id, data_source, list_name) do update set
    rules_version = excluded.rules_version, page_size = excluded.page_size, row_count = excluded.row_count,
    stored_rows = excluded.stored_rows, page_digests = excluded.page_digests, row_digests = excluded.row_digests, stream = excluded.stream,
    collected_at = now();

-- name: count_anew
-- Lists that came with the same pages speak of as many stored rows as there are now.
update collected_lists set stored_rows = %(stored_rows)s
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
  and list_name = any (%(kept)s::text[]) and stream = %(stream)s and stored_rows <> %(stored_rows)s;

-- name: forget
-- Forgets the lists of an event, so that the next sync merges them whatever their digests.
delete from collected_lists
where timing_partner_id = %(timing_partner_id)s and event_id = %(event_id)s and data_source = %(data_source)s
  and list_name <> all (%(except_names)s::text[]);

-- name: quarantine
-- Keeps a row that could not be read, once.
insert into quarantine (timing_partner_id, provider_id, provider_event_id, stream, reason, raw_text, raw_sha256)
values (%(timing_partner_id)s, %(provider_id)s, %(provider_event_id)s, %(stream)s, %(reason)s, %(raw)s,
        sha256(convert_to(%(raw)s, 'UTF8')))
on conflict do nothing;
