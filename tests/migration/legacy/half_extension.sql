-- What the legacy ChronoTrack Live extension left of itself on a legacy database: its columns, two indexes and a function
-- that fails when it is called. Its views, its provider row and its last statements failed, and psql went on.
-- Can be put on either variant: psql -X -v ON_ERROR_STOP=1 -f half_extension.sql
alter table ct_events
    add column if not exists data_source varchar(50) default 'tcp_hardware',
    add column if not exists provider_event_id varchar(100),
    add column if not exists api_fetched_date timestamp,
    add column if not exists api_credentials_used varchar(100);
alter table ct_participants
    add column if not exists data_source varchar(50) default 'tcp_hardware',
    add column if not exists provider_participant_id varchar(100),
    add column if not exists api_fetched_date timestamp,
    add column if not exists emergency_contact jsonb,
    add column if not exists payment_status varchar(50),
    add column if not exists amount_paid decimal(10, 2),
    add column if not exists registration_status varchar(50) default 'active';
alter table ct_results
    add column if not exists data_source varchar(50) default 'tcp_hardware',
    add column if not exists provider_result_id varchar(100),
    add column if not exists api_fetched_date timestamp,
    add column if not exists result_status varchar(50) default 'finished',
    add column if not exists split_times jsonb;
create index if not exists idx_ct_events_data_source on ct_events (data_source);
create index if not exists idx_ct_results_data_source on ct_results (data_source);
create or replace function check_duplicate_chronotrack_event(
    p_event_name varchar, p_start_date timestamp, p_timing_partner_id integer
) returns boolean as $$
begin
    return exists (select 1 from ct_events where event_name = p_event_name and timing_partner_id = p_timing_partner_id
                   and abs(extract(epoch from (start_date - p_start_date))) < 86400 and data_source = 'tcp_hardware');
end;
$$ language plpgsql;
update ct_results set split_times = '[{"name": "5K", "time": "25:00"}]' where id % 50 = 0;
