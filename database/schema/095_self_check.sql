-- What the hub's schema must have, and what is wrong with the one that is there. The install ends with asking.
-- tests/migration/test_self_check.py compares these lists with the catalogue and prints the text that they should have.

-- The columns that the programs use. A legacy database may have more.
create or replace function expected_columns() returns table (table_name text, columns text)
language sql immutable as $$
values
    ('alert_messages',
     'alert_message_id bigint, channel text, error_message text, notices integer, sent_at timestamp with '
     'time zone'),
    ('alerts',
     'cause text, check_name text, over_at timestamp with time zone, problem text, remedy text, seen_at '
     'timestamp with time zone, since timestamp with time zone, state text, told_at timestamp with time '
     'zone, told_state text, who text'),
    ('api_tokens',
     'api_token_id bigint, created_at timestamp with time zone, expires_at timestamp with time zone, '
     'last_used_at timestamp with time zone, name text, revoked_at timestamp with time zone, scopes text[], '
     'timing_partner_id integer, token_hash bytea'),
    ('applied_migrations',
     'applied_at timestamp with time zone, name text, sha256 text'),
    ('backfill_events',
     'backfill_run_id bigint, calls_planned integer, event_name text, finished_at timestamp with time '
     'zone, provider_event_id text, reason text, rows_planned integer, state text, timing_partner_id '
     'integer'),
    ('backfill_runs',
     'account_name text, backfill_run_id bigint, finished_at timestamp with time zone, limit_events '
     'integer, provider_id integer, since timestamp with time zone, started_at timestamp with time zone, '
     'timing_partner_id integer'),
    ('backups',
     'backup_id bigint, error_message text, file_name text, finished_at timestamp with time zone, sha256 '
     'text, size_bytes bigint, started_at timestamp with time zone, status text, verified_at timestamp '
     'with time zone, verified_by text'),
    ('cadence_rules',
     'anchor text, at_times time without time zone[], begins interval, closed boolean, ends interval, '
     'ends_anchor text, every interval, is_on boolean, kind text, lane text, phase text, provider_key '
     'text, reason text, weekdays smallint[]'),
    ('call_budgets',
     'account_name text, calls_per_minute double precision, calls_reserved bigint, next_slot_at timestamp '
     'with time zone, pause_reason text, paused_until timestamp with time zone, provider_id integer, '
     'timing_partner_id integer'),
    ('call_log',
     'account_name text, calls integer, provider_id integer, second timestamp with time zone, sent_ms '
     'smallint[], timing_partner_id integer'),
    ('collected_lists',
     'collected_at timestamp with time zone, data_source text, event_id text, list_name text, page_digests '
     'bytea[], page_size integer, row_count integer, row_digests bytea, rules_version integer, stored_rows '
     'integer, stream text, timing_partner_id integer'),
    ('credential_breakers',
     'account_name text, changed_at timestamp with time zone, failures integer, kind text, open_seconds '
     'double precision, open_until timestamp with time zone, probe_until timestamp with time zone, '
     'provider_id integer, reason text, timing_partner_id integer'),
    ('ct_events',
     'account_name text, city text, content_fingerprint bytea, country text, created_at timestamp with '
     'time zone, data_source text, end_date timestamp with time zone, event_description text, '
     'event_external_id text, event_id text, event_is_published boolean, event_name text, event_site_uri '
     'text, event_tag text, is_joined boolean, organization_id text, organization_name text, '
     'provider_event_id text, raw_payload json, results_changed_at timestamp with time zone, retracted_at '
     'timestamp with time zone, settled_at timestamp with time zone, shown_ages text, start_date timestamp '
     'with time zone, state text, time_zone text, timing_partner_id integer, unlisted_since timestamp with '
     'time zone, updated_at timestamp with time zone, upstream_state text'),
    ('ct_participants',
     'age integer, athlete_id text, bib_number text, city text, content_fingerprint bytea, country text, '
     'created_at timestamp with time zone, data_source text, date_of_birth date, declared_status text, '
     'division text, email text, entry_id text, entry_status text, entry_type text, event_id text, '
     'external_id text, first_name text, gender text, last_name text, listed_as text, listing_digest '
     'bigint, phone text, postal_code text, race_id text, raw_payload json, registration_choice text, '
     'removed_reason text, retracted_at timestamp with time zone, state text, successor_entry_id text, '
     'team_name text, timing_partner_id integer, updated_at timestamp with time zone, wave_name text'),
    ('ct_races',
     'actual_end timestamp with time zone, actual_start timestamp with time zone, content_fingerprint '
     'bytea, created_at timestamp with time zone, data_source text, event_id text, planned_end timestamp '
     'with time zone, planned_start timestamp with time zone, race_course_distance numeric, race_id text, '
     'race_name text, race_pref_distance_unit text, race_subtype text, race_tag text, race_type text, '
     'raw_payload json, retracted_at timestamp with time zone, timing_partner_id integer, updated_at '
     'timestamp with time zone'),
    ('ct_results',
     'age integer, begin_time timestamp with time zone, bib_number text, chip_time interval, city text, '
     'content_fingerprint bytea, country text, created_at timestamp with time zone, data_source text, '
     'division text, division_place integer, entry_bib text, entry_id text, event_id text, finish_time '
     'timestamp with time zone, first_name text, gender text, gender_place integer, gun_time interval, '
     'is_detail boolean, last_name text, legacy_row_id bigint, overall_place integer, own_status text, '
     'provider_status text, race_id text, raw_payload json, result_status text, retracted_at timestamp '
     'with time zone, snapshot_hash bigint, split_keys text[], split_times jsonb, state text, '
     'status_is_derived boolean, timing_partner_id integer, updated_at timestamp with time zone'),
    ('displays',
     'created_at timestamp with time zone, created_by text, display_id bigint, event_id text, expires_at '
     'timestamp with time zone, kind text, last_seen_at timestamp with time zone, race_id text, revoked_at '
     'timestamp with time zone, timing_partner_id integer, timing_session_id bigint, token_hash bytea'),
    ('entry_links',
     'bib_number text, data_source text, entry_id text, event_id text, external_id text, '
     'has_entry boolean, joined_race_id text, legacy_row_id bigint, link_key text, person_id text, '
     'person_name text, race_id text, timing_partner_id integer, why text'),
    ('entry_readings',
     'all_read_from timestamp with time zone, changes_read_from timestamp with time zone, data_source '
     'text, event_id text, listing text[], refreshed_to text, stored_rows integer, timing_partner_id '
     'integer'),
    ('event_sources',
     'account_name text, decided_at timestamp with time zone, decided_by text, decision text, earlier '
     'jsonb, event_id text, event_name text, event_source_id bigint, found_at timestamp with time zone, '
     'is_further boolean, likeness text, listed jsonb, moved_with bigint, provider_event_id text, '
     'provider_id integer, reason text, removed_event jsonb, removed_payload json, start_date timestamp '
     'with time zone, taken_along jsonb, timing_partner_id integer, unlisted_since timestamp with time '
     'zone, upstream_state text'),
    ('feed_marks',
     'changed_from timestamp with time zone, changed_to timestamp with time zone, event_id text, gone '
     'text[], is_of_all boolean, is_of_event boolean, server bigint, timing_partner_id integer, '
     'transaction_id bigint'),
    ('heartbeats',
     'beat_at timestamp with time zone, component text, details jsonb, host text, instance text, pid '
     'integer, started_at timestamp with time zone'),
    ('held_retractions',
     'created_at timestamp with time zone, data_source text, decided_at timestamp with time zone, event_id '
     'text, held_retraction_id bigint, keys text[], rows_before integer, state text, stream text, '
     'timing_partner_id integer'),
    ('hub_clock',
     'offset_seconds double precision, only_row boolean, speed double precision'),
    ('import_mappings',
     'columns jsonb, created_at timestamp with time zone, date_order text, mapping_name text, splits jsonb, '
     'timing_partner_id integer, updated_at timestamp with time zone'),
    ('joined_results',
     'age integer, begin_time timestamp with time zone, bib_number text, chip_time interval, city text, '
     'country text, created_at timestamp with time zone, data_source text, division text, division_place '
     'integer, event_id text, finish_time timestamp with time zone, first_name text, gender text, '
     'gender_place integer, gun_time interval, last_name text, overall_place integer, participant_id text, '
     'provider_status text, race_id text, race_name text, result_status text, source_entry_id text, '
     'source_race_id text, source_row_id bigint, state text, timing_partner_id integer, updated_at '
     'timestamp with time zone'),
    ('login_failures',
     'account_sha256 bytea, address text, failed_at timestamp with time zone, login_failure_id bigint'),
    ('merge_spans',
     'data_source text, event_id text, event_source_id bigint, from_event text, merge_span_id bigint, '
     'merged_at timestamp with time zone, timing_partner_id integer, undone_at timestamp with time zone'),
    ('partner_provider_accounts',
     'account_name text, additional_config jsonb, created_at timestamp with time zone, credential_type '
     'text, principal text, provider_id integer, secret text, timing_partner_id integer, updated_at '
     'timestamp with time zone'),
    ('partner_provider_credentials',
     'additional_config jsonb, created_at timestamp with time zone, credential_type text, '
     'partner_provider_credential_id integer, principal text, provider_id integer, secret text, '
     'timing_partner_id integer, updated_at timestamp with time zone'),
    ('project88_users',
     'created_at timestamp with time zone, email text, is_active boolean, name text, password_hash text, '
     'role text, timing_partner_id integer, user_id integer'),
    ('providers',
     'created_at timestamp with time zone, description text, is_registration boolean, key text, name text, '
     'provider_id integer'),
    ('quarantine',
     'created_at timestamp with time zone, provider_event_id text, provider_id integer, quarantine_id '
     'bigint, raw_sha256 bytea, raw_text text, reason text, stream text, timing_partner_id integer'),
    ('race_links',
     'data_source text, event_id text, own_race_id text, race_id text, timing_partner_id integer'),
    ('raw_lists',
     'chunks bytea[], list_name text, list_no integer, raw_reading_id bigint, row_count integer, stream '
     'text, timing_partner_id integer'),
    ('raw_readings',
     'data_source text, event_id text, merges jsonb, raw_reading_id bigint, read_at timestamp with time '
     'zone, sync_history_id bigint, timing_partner_id integer'),
    ('row_changes',
     'cause text, change_id bigint, changed_at timestamp with time zone, data_source text, event_id text, '
     'keys text[], subject text, timing_partner_id integer, was jsonb'),
    ('schedule_changes',
     'event_id text, noted_at timestamp with time zone, schedule_change_id bigint, timing_partner_id '
     'integer'),
    ('schedule_plan',
     'account_name text, discovery_of text, event_id text, every interval, failures integer, kind text, '
     'lane text, last_due timestamp with time zone, last_error text, last_finished_at timestamp with time '
     'zone, last_full_calls integer, last_full_seconds double precision, last_late interval, '
     'last_started_at timestamp with time zone, last_status text, missed bigint, next_due timestamp with '
     'time zone, phase text, planned_due timestamp with time zone, polls bigint, provider_id integer, '
     'reason text, row_counts jsonb, schedule_plan_id bigint, starts integer, state text, state_since '
     'timestamp with time zone, timing_partner_id integer, token uuid, worker text'),
    ('source_ranks',
     'data_source text, is_settled boolean, rank integer'),
    ('stale_joins',
     'event_id text, link_keys text[], same_people boolean, stale_join_id bigint, timing_partner_id integer, '
     'value_keys text[]'),
    ('sync_history',
     'account_name text, api_calls integer, due_at timestamp with time zone, duration_seconds double '
     'precision, error_message text, event_id text, events_synced integer, participants_synced integer, '
     'provider_event_id text, provider_id integer, reason text, records_processed integer, results_synced '
     'integer, rows_quarantined integer, rows_retracted integer, rows_written integer, started_at '
     'timestamp with time zone, status text, sync_history_id bigint, sync_time timestamp with time zone, '
     'sync_type text, timing_partner_id integer'),
    ('timing_partners',
     'api_access_enabled boolean, company_name text, contact_email text, created_at timestamp with time '
     'zone, duplicate_decision text, shown_ages text, time_zone text, timing_partner_id integer, '
     'updated_at timestamp with time zone'),
    ('timing.courses',
     'course jsonb, event_id text, race_id text, timing_partner_id integer, updated_at timestamp with time '
     'zone'),
    ('timing.decisions',
     'adjustment interval, bib_number text, decided_at timestamp with time zone, decided_by text, '
     'decision_id bigint, event_id text, field text, kind text, reason text, timing_partner_id integer, '
     'timing_read_id bigint, undone_at timestamp with time zone, undone_by text, value text'),
    ('timing.read_statuses',
     'event_id text, point text, status text, timing_partner_id integer, timing_read_id bigint'),
    ('timing.scorings',
     'anew_count integer, event_id text, is_stale boolean, problem text, scored_at timestamp with time zone, scoring_id '
     'bigint, timing_partner_id integer, timing_read_id bigint'),
    ('timing.spools',
     'host text, position bigint, segment bigint, spool_id text, updated_at timestamp with time zone'),
    ('timing.timing_links',
     'address text, clock_offset interval, closed_at timestamp with time zone, link_id text, opened_at '
     'timestamp with time zone, reads bigint, reason text, timing_partner_id integer, timing_session_id '
     'bigint'),
    ('timing.timing_locations',
     'appeared_at timestamp with time zone, controller_id text, last_received_at timestamp with time zone, '
     'last_sequence integer, location text, numbering integer, raw_line text, received int4multirange, '
     'time_zone text, timing_partner_id integer, timing_session_id bigint'),
    ('timing.timing_reads',
     'content_key bigint, created_at timestamp with time zone, day_is_assumed boolean, gator_number '
     'integer, kind text, lap_count integer, location text, numbering integer, raw_line text, read_time '
     'timestamp with time zone, reader_id text, received_at timestamp with time zone, sequence_number '
     'integer, source text, tag_code text, timing_partner_id integer, timing_read_id bigint, '
     'timing_session_id bigint, wall_time timestamp without time zone, zone_is_assumed boolean'),
    ('timing.timing_sessions',
     'account text, closed_at timestamp with time zone, connection_id text, description text, event_id '
     'text, first_connected_at timestamp with time zone, last_connected_at timestamp with time zone, '
     'program text, program_version text, session_key text, session_name text, time_zone text, timing_day '
     'date, timing_event_id text, timing_event_name text, timing_partner_id integer, timing_session_id '
     'bigint'),
    ('timing.unread_lines',
     'line_key bigint, raw_line text, reason text, received_at timestamp with time zone, source text, '
     'timing_partner_id integer, timing_session_id bigint, unread_line_id bigint'),
    ('user_actions',
     'action text, email text, happened_at timestamp with time zone, outcome text, subject text, '
     'timing_partner_id integer, user_action_id bigint, user_id integer'),
    ('user_sessions',
     'began_at timestamp with time zone, ends_at timestamp with time zone, last_seen_at timestamp with '
     'time zone, token_sha256 bytea, user_id integer'),
    ('webhooks',
     'created_at timestamp with time zone, event_id text, failures integer, last_delivered_at timestamp '
     'with time zone, last_error text, next_attempt_at timestamp with time zone, pending_id uuid, '
     'pending_to text, position text, secret text, timing_partner_id integer, url text, webhook_id bigint'),
    ('withheld_names',
     'bib_number text, decided_at timestamp with time zone, decided_by text, event_id text, '
     'timing_partner_id integer')
$$;

-- The columns behind each ON CONFLICT of the programs, and behind the page's one.
create or replace function expected_unique_keys() returns table (table_name text, key text)
language sql immutable as $$
values
    ('alerts', 'problem'),
    ('call_budgets', 'timing_partner_id, provider_id, account_name'),
    ('call_log', 'timing_partner_id, provider_id, account_name, second'),
    ('collected_lists', 'timing_partner_id, event_id, data_source, list_name'),
    ('credential_breakers', 'timing_partner_id, provider_id, account_name'),
    ('ct_events', 'timing_partner_id, data_source, provider_event_id'),
    ('ct_events', 'timing_partner_id, event_id'),
    ('ct_participants', 'timing_partner_id, event_id, data_source, entry_id'),
    ('ct_races', 'timing_partner_id, event_id, data_source, race_id'),
    ('ct_results', 'timing_partner_id, event_id, data_source, race_id, entry_id, legacy_row_id'),
    ('event_sources', 'timing_partner_id, provider_id, provider_event_id, event_id'),
    ('heartbeats', 'component, instance'),
    ('import_mappings', 'timing_partner_id, mapping_name'),
    ('joined_results', 'timing_partner_id, event_id, race_id, participant_id'),
    ('partner_provider_accounts', 'timing_partner_id, provider_id, account_name'),
    ('partner_provider_credentials', 'timing_partner_id, provider_id'),
    ('project88_users', 'email'),
    ('providers', 'key'),
    ('providers', 'provider_id'),
    ('entry_readings', 'timing_partner_id, event_id, data_source'),
    ('feed_marks', 'timing_partner_id, server, transaction_id, event_id'),
    ('quarantine', 'timing_partner_id, provider_id, provider_event_id, stream, raw_sha256'),
    ('schedule_plan', 'timing_partner_id, provider_id, kind, event_id, discovery_of'),
    ('timing.courses', 'timing_partner_id, event_id, race_id'),
    ('timing.read_statuses', 'timing_partner_id, timing_read_id'),
    ('timing.scorings', 'timing_partner_id, event_id'),
    ('timing.spools', 'spool_id'),
    ('timing.timing_links', 'timing_partner_id, link_id'),
    ('timing.timing_locations', 'timing_partner_id, timing_session_id, location'),
    ('timing.timing_reads', 'timing_partner_id, timing_session_id, location, sequence_number, content_key'),
    ('timing.timing_sessions', 'timing_partner_id, session_key'),
    ('timing.unread_lines', 'timing_partner_id, timing_session_id, line_key'),
    ('timing_partners', 'company_name'),
    ('user_sessions', 'token_sha256'),
    ('webhooks', 'timing_partner_id, url'),
    ('withheld_names', 'timing_partner_id, event_id, bib_number')
$$;

create or replace function expected_functions() returns table (signature text)
language sql immutable as $$
values
    ('normalised_event_name(text)'),
    ('check_duplicate_chronotrack_event(character varying,timestamp with time zone,integer)'),
    ('check_duplicate_chronotrack_event(character varying,timestamp without time zone,integer)'),
    ('hub_now()'),
    ('forget_calls(integer,integer,text)'),
    ('log_calls(integer,integer,text,timestamp with time zone,integer,double precision)'),
    ('unlog_call(integer,integer,text,timestamp with time zone)'),
    ('reserve_calls(integer,integer,text,integer,double precision,double precision,timestamp with time zone)'),
    ('pause_calls(integer,integer,text,double precision,text)'),
    ('breaker_failed(integer,integer,text,text,text)'),
    ('forget_breaker_of_login()'),
    ('free_events_of_login()'),
    ('flag_further_twins(integer,text,text)'),
    ('flag_further_twins_of_source()'),
    ('forget_spans()'),
    ('further_twins(integer,text,text)'),
    ('let_further_pair_count()'),
    ('homes_of_rows(integer,text,timestamp with time zone)'),
    ('note_schedule_change()'),
    ('note_schedule_rule_change()'),
    ('published_partners()'),
    ('alike_hardware_events(integer,text,timestamp with time zone,text)'),
    ('alike_events(integer,boolean,text,timestamp with time zone,text)'),
    ('decomposed(text)'),
    ('event_likeness(text,timestamp with time zone,text,timestamp with time zone)'),
    ('event_name_core(text)'),
    ('letters_by_case()'),
    ('small_letters(text)'),
    ('flag_duplicate_events()'),
    ('lock_events(integer)'),
    ('name_similarity(text,text)'),
    ('refuse_duplicate_event()'),
    ('trigrams(text)'),
    ('bib_decisions(integer,text)'),
    ('join_what_is_decided()'),
    ('joined_rows(integer,text,text[])'),
    ('full_name(text,text)'),
    ('link_entries(integer,text,text[])'),
    ('link_parts(text[])'),
    ('link_some(integer,text,text[])'),
    ('links_of(integer,text,text[])'),
    ('neighbours_of(integer,text,text[])'),
    ('are_there(integer,text,text[])'),
    ('link_key(text,text,text)'),
    ('other_links(integer,text,text[],text,text[])'),
    ('own_links(integer,text,text,text[])'),
    ('write_links(integer,text,text[],text,text[])'),
    ('needs_joining(integer,text)'),
    ('note_stale_event()'),
    ('note_stale_joins()'),
    ('person_name_key(text)'),
    ('person_sources(integer,text,text[])'),
    ('persons_of(integer,text,text[])'),
    ('plan_joins(boolean)'),
    ('renew_joins()'),
    ('write_joined(integer,text,text[])'),
    ('note_changed_joins()'),
    ('telling_keys(integer,text,text[])'),
    ('source_entries(integer,text,text,text[])'),
    ('source_races(integer,text,text)'),
    ('forget_joins()'),
    ('find_entry_bib()'),
    ('follow_entry_bibs()'),
    ('join_event(integer,text,text[],boolean,boolean)'),
    ('race_map(integer,text,text,text[],text,text[])'),
    ('note_settled_event()'),
    ('change_cause()'),
    ('change_instant()'),
    ('changed_since(integer,text,text,timestamp with time zone)'),
    ('forget_changes()'),
    ('forget_readings()'),
    ('log_event_change()'),
    ('log_joined_changes()'),
    ('log_participant_changes()'),
    ('log_race_change()'),
    ('log_removed_joins()'),
    ('log_result_changes()'),
    ('result_key(text,text,bigint)'),
    ('unified_results_as_of(integer,text,timestamp with time zone)'),
    ('was_other(text,anyelement,anyelement)'),
    ('feed_horizon()'),
    ('feed_server()'),
    ('mark_change(integer,text,boolean,boolean,text[])'),
    ('mark_event()'),
    ('mark_removed_joins()'),
    ('mark_removed_results()'),
    ('mark_written_rows()'),
    ('asks_for_anonymity(text,json)'),
    ('shown_display(bytea)'),
    ('refresh_statistics()'),
    ('note_displays_seen(bytea[])')
$$;

create or replace function expected_views() returns table (view_name text)
language sql immutable as $$
values ('unified_events'), ('unified_participants'), ('unified_results'), ('published_results'), ('call_windows'),
       ('collected_events'), ('used_reads')
$$;

create or replace function expected_migrations() returns table (name text)
language sql immutable as $$
values
    ('schema/000_migrations.sql'), ('legacy/010_tools.sql'), ('legacy/020_set_aside.sql'),
    ('schema/010_partners.sql'), ('schema/015_event_names.sql'), ('schema/020_chronotrack.sql'),
    ('schema/030_sync.sql'), ('legacy/030_check_rows.sql'), ('legacy/040_take_shape.sql'), ('legacy/050_fill.sql'),
    ('legacy/060_convert.sql'), ('schema/040_budget.sql'), ('schema/045_breakers.sql'), ('schema/050_backfill.sql'),
    ('schema/060_jobs.sql'), ('schema/065_cadence.sql'), ('schema/070_schedule.sql'), ('schema/072_duplicates.sql'),
    ('schema/075_pages.sql'), ('schema/076_timing.sql'), ('schema/077_scoring.sql'), ('schema/078_joins.sql'),
    ('schema/079_joined_results.sql'), ('schema/080_monitor.sql'), ('schema/081_history.sql'),
    ('schema/082_archive.sql'), ('schema/083_import_mappings.sql'), ('schema/084_registration.sql'),
    ('schema/085_backups.sql'), ('schema/086_api.sql'), ('schema/087_users.sql'), ('schema/088_displays.sql'),
    ('schema/089_standby.sql'), ('schema/090_statistics.sql'), ('schema/091_displays_seen.sql'),
    ('views/collected_events.sql'), ('views/unified_events.sql'),
    ('views/unified_participants.sql'), ('views/unified_results.sql'), ('views/published_results.sql'),
    ('views/used_reads.sql'), ('views/call_windows.sql'),
    ('legacy/090_finish.sql'), ('schema/095_self_check.sql'), ('chronotrack_live_schema_extension.sql')
$$;

-- One row per thing that is wrong; none when the schema is whole. Its answer depends on search_path, as all of ours does.
create or replace function schema_problems() returns table (object text, problem text, remedy text)
language plpgsql stable as $$
begin
    return query
        with wanted_columns as (
            select e.table_name, to_regclass(e.table_name) as relation,
                   split_part(said, ' ', 1) as column_name, substr(said, strpos(said, ' ') + 1) as type_name
            from expected_columns() e, string_to_table(e.columns, ', ') said
        )
        select e.table_name, case when c.oid is null then 'the table is missing' else 'it is not a plain table' end,
               'Rename what stands in its place, run database/install.sql again, and restore its rows from a backup.'
        from expected_columns() e
        left join pg_class c on c.oid = to_regclass(e.table_name)
        where c.relkind is distinct from 'r'
        union all
        select w.table_name || '.' || w.column_name,
               case when a.attname is null then 'the column is missing'
                    else format('the column is of type %s, not %s', format_type(a.atttypid, a.atttypmod), w.type_name) end,
               'Run database/install.sql again; where that does not mend it, restore the table from a backup.'
        from wanted_columns w
        join pg_class c on c.oid = w.relation and c.relkind = 'r'
        left join pg_attribute a
            on a.attrelid = w.relation and a.attname = w.column_name and a.attnum > 0 and not a.attisdropped
        where a.attname is null or format_type(a.atttypid, a.atttypmod) <> w.type_name
        union all
        select k.table_name, format('no unique index on exactly (%s)', k.key),
               format('Remove rows that are equal there, then run: create unique index on %s (%s)%s;', k.table_name, k.key,
                      case when k.table_name in ('ct_results', 'schedule_plan', 'timing.unread_lines') then ' nulls not distinct' else '' end)
        from expected_unique_keys() k
        where to_regclass(k.table_name) is not null and not exists (
            select from pg_index x
            where x.indrelid = to_regclass(k.table_name) and x.indisunique and x.indisvalid and x.indimmediate
              and x.indpred is null and x.indexprs is null
              and x.indnullsnotdistinct = (k.table_name in ('ct_results', 'schedule_plan', 'timing.unread_lines'))
              and (select array_agg(a.attname::text order by a.attname) from pg_attribute a
                   where a.attrelid = x.indrelid and a.attnum = any (x.indkey[:x.indnkeyatts - 1]))
                = (select array_agg(name order by name) from string_to_table(k.key, ', ') name))
        union all
        select f.signature, 'the function is missing', 'Run database/install.sql again; it makes the function.'
        from expected_functions() f where to_regprocedure(f.signature) is null
        union all
        select v.view_name, 'the view is missing', 'Run database/install.sql again; it makes the view.'
        from expected_views() v
        where not exists (select from pg_class c where c.oid = to_regclass(v.view_name) and c.relkind = 'v');
    if to_regclass('providers') is not null then
        return query
            select 'providers', format('row 1 is %s, not ChronoTrack Live', coalesce(
                       (select v.name from providers v where provider_id = 1), 'missing')),
                   'Give that row another number, with all rows that point to it, then run database/install.sql again.'
            where not exists (select from providers where provider_id = 1 and key = 'chronotrack_live');
    end if;
    if to_regclass('applied_migrations') is not null then
        return query
            select m.name, 'the file is not recorded as applied', 'Run database/install.sql again.'
            from expected_migrations() m
            where not exists (select from applied_migrations a where a.name = m.name);
    end if;
end $$;
comment on function schema_problems() is 'What is wrong with the hub''s schema, and what to do; no row when it is whole.';

insert into applied_migrations (name)
values ('schema/095_self_check.sql'), ('chronotrack_live_schema_extension.sql') on conflict do nothing;

do $$
declare
    said text;
begin
    select string_agg(format('%s: %s. %s', object, problem, remedy), E'\n') into said from schema_problems();
    if said is not null then
        raise exception E'The schema is not whole; nothing was changed.\n%', said;
    end if;
end $$;
