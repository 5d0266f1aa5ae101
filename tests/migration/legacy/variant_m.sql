-- A legacy database as the legacy migration script built it, with data. For an empty database; needs its owner only.
-- psql -X -v ON_ERROR_STOP=1 -f variant_m.sql; larger with -v events=10000 -v participants=312500 (3.2 results each).
\if :{?events} \else \set events 50 \endif
\if :{?participants} \else \set participants 2000 \endif
begin;

create table timing_partners (
    timing_partner_id serial primary key, company_name varchar(255) not null, access_password varchar(255),
    created_at timestamp default current_timestamp, updated_at timestamp default current_timestamp);

create table users (
    user_id serial primary key, email varchar(255) unique, timing_partner_id integer references timing_partners,
    created_at timestamp default current_timestamp, updated_at timestamp default current_timestamp);

create table providers (
    provider_id serial primary key, name varchar(100) not null unique, provider_type varchar(50),
    api_base_url varchar(255), rate_limit_per_hour integer default 1000, created_at timestamp default current_timestamp);

create table partner_provider_credentials (
    partner_provider_credential_id serial primary key, provider_id integer references providers,
    timing_partner_id integer references timing_partners, principal varchar(255), secret varchar(255),
    credential_type varchar(50), additional_config jsonb, created_at timestamp default current_timestamp,
    updated_at timestamp default current_timestamp, unique (timing_partner_id, provider_id));

create table sync_queue (
    sync_queue_id serial primary key, timing_partner_id integer references timing_partners,
    provider_id integer references providers, event_id varchar(100), operation_type varchar(50) not null,
    sync_direction varchar(50) default 'pull', priority integer default 5, status varchar(20) default 'pending',
    scheduled_time timestamp, retry_count integer default 0, max_retries integer default 3, payload jsonb,
    created_at timestamp default current_timestamp, started_at timestamp, completed_at timestamp);

create table sync_history (
    sync_history_id serial primary key, timing_partner_id integer references timing_partners,
    provider_id integer references providers, event_id varchar(100), operation_type varchar(50),
    sync_direction varchar(50) default 'pull', sync_time timestamp default current_timestamp, status varchar(20),
    num_of_synced_records integer, entries_success integer, entries_failed integer, error_details jsonb,
    data_snapshot jsonb, duration_seconds integer, callback_url varchar(500), reason text);

create table ct_events (
    event_id varchar(100) primary key, event_tag varchar(50), event_name varchar(255), event_description text,
    event_start_time timestamp, event_end_time timestamp, event_site_uri varchar(500), event_is_published boolean,
    event_device_protocol varchar(50), event_external_id varchar(100), organization_id varchar(100),
    organization_name varchar(255), location jsonb, timing_partner_id integer references timing_partners,
    created_at timestamp default current_timestamp, credentials_used varchar(100));
create index idx_ct_events_partner on ct_events (timing_partner_id);
create index idx_ct_events_start on ct_events (event_start_time);

create table ct_races (
    race_id varchar(100), event_id varchar(100) references ct_events, race_tag varchar(50), race_name varchar(255),
    race_type varchar(50), race_subtype varchar(50), race_course_distance decimal(10, 2),
    race_pref_distance_unit varchar(20), race_planned_start_time timestamp, race_planned_end_time timestamp,
    race_actual_start_time timestamp, race_actual_end_time timestamp, race_age_ref_time timestamp,
    timing_partner_id integer references timing_partners, created_at timestamp default current_timestamp,
    primary key (race_id, event_id));

create table ct_participants (
    entry_id varchar(100) primary key, event_id varchar(100) references ct_events, race_id varchar(100),
    entry_external_id varchar(100), entry_name varchar(255), entry_type varchar(50), entry_status varchar(50),
    entry_bib varchar(20), entry_race_age integer, athlete_id varchar(100), athlete_first_name varchar(100),
    athlete_last_name varchar(100), athlete_sex varchar(10), athlete_birthdate date, athlete_email varchar(255),
    athlete_home_phone varchar(20), athlete_mobile_phone varchar(20), location jsonb, team_id varchar(100),
    team_name varchar(255), timing_partner_id integer references timing_partners,
    created_at timestamp default current_timestamp, credentials_used varchar(100),
    foreign key (race_id, event_id) references ct_races);
create index idx_ct_participants_event on ct_participants (event_id);

create table ct_results (
    id serial primary key, event_id varchar(100) references ct_events, race_id varchar(100),
    entry_id varchar(100) references ct_participants, results_bib varchar(20), results_first_name varchar(100),
    results_last_name varchar(100), results_sex varchar(10), results_age integer, results_hometown varchar(255),
    results_state_code varchar(10), results_postal_code varchar(20), results_country_code varchar(10),
    results_time interval, results_gun_time interval, results_pace varchar(20), results_gun_pace varchar(20),
    results_rank integer, results_bracket_name varchar(100), results_primary_bracket_name varchar(100),
    timing_partner_id integer references timing_partners, created_at timestamp default current_timestamp,
    credentials_used varchar(100));
create index idx_ct_results_event on ct_results (event_id, race_id);

create table timing_sessions (
    id serial primary key, session_name varchar(255) not null, event_name varchar(255),
    status varchar(50) default 'active', created_at timestamp default current_timestamp);
create table timing_locations (
    id serial primary key, session_id integer references timing_sessions, location_name varchar(100),
    description text, reader_id varchar(6), created_at timestamp default current_timestamp);
create table timing_reads (
    id bigserial primary key, session_id integer references timing_sessions,
    location_id integer references timing_locations, sequence_number integer, location_name varchar(100),
    tag_code varchar(8) not null, read_time time, read_date date, read_timestamp timestamp, lap_count integer,
    reader_id varchar(6), gator_number integer, raw_data text, processed_at timestamp default current_timestamp,
    unique (session_id, sequence_number, location_name));

create table runsignup_races (
    race_id integer primary key, name varchar(255), address jsonb, timezone varchar(50), fetched_date timestamp,
    credentials_used varchar(100), timing_partner_id integer references timing_partners);
create table runsignup_events (
    event_id integer primary key, race_id integer references runsignup_races, name varchar(255), details text,
    start_time timestamp, end_time timestamp, event_type varchar(50), distance decimal(10, 2), volunteer varchar(5),
    fetched_date timestamp, credentials_used varchar(100), timing_partner_id integer references timing_partners,
    created_at timestamp default current_timestamp);
create table runsignup_participants (
    id serial primary key, race_id integer, event_id integer, registration_id integer, user_id integer,
    first_name varchar(100), last_name varchar(100), email varchar(255), address jsonb, dob date, gender varchar(20),
    bib_num varchar(20), chip_num varchar(20), age integer, registration_date timestamp, fetched_date timestamp,
    credentials_used varchar(100), timing_partner_id integer references timing_partners,
    created_at timestamp default current_timestamp);
create table raceroster_events (
    event_id integer primary key, race_id integer, name varchar(255), start_date timestamp, address jsonb,
    status varchar(50), timing_partner_id integer references timing_partners);
create table raceroster_participants (
    id serial primary key, event_id integer references raceroster_events, registration_id varchar(100),
    bib_number varchar(20), first_name varchar(100), last_name varchar(100),
    timing_partner_id integer references timing_partners);
create table haku_events (
    event_id varchar(100) primary key, organization_id varchar(100), event_name varchar(255), start_date timestamp,
    distance decimal(10, 2), status varchar(50), timing_partner_id integer references timing_partners);
create table copernico_events (
    event_id varchar(100) primary key, competition_id varchar(100), event_name varchar(255), event_date timestamp,
    timing_partner_id integer references timing_partners);

-- Views that stand on our tables: of the migration script, of an operator, and one on top of that.
create view unified_participants as
select 'chronotrack'::text as source_provider, timing_partner_id, event_id::text as event_id,
       athlete_first_name as first_name, athlete_last_name as last_name, athlete_email as email,
       athlete_sex as gender, entry_bib as bib_number, location ->> 'city' as city, location ->> 'state' as state,
       entry_race_age as age, null::timestamp as registration_date, created_at as fetched_date
from ct_participants
union all
select 'runsignup', timing_partner_id, event_id::text, first_name, last_name, email, gender, bib_num,
       address ->> 'city', address ->> 'state', age, registration_date, fetched_date
from runsignup_participants;
create view event_starts as
select event_id, event_name, event_start_time, organization_name from ct_events where event_is_published;
create view starts_by_organization as
select organization_name, count(*) as events, min(event_start_time) as first_start
from event_starts group by organization_name;
comment on view event_starts is 'What the office looks at';

-- The sequences stay behind, as they do after an import of rows with their ids.
insert into timing_partners (timing_partner_id, company_name, access_password, created_at) values
    (1, 'Big River Race Management', 'river', '2019-03-10 02:30:00'),
    (2, 'O''Hara "Fast" Timing \ Söhne', null, null),
    (7, 'Peak Timing', 'peak', '2020-01-01 00:00:00');
insert into users (user_id, email, timing_partner_id)
select n, 'user' || n || '@example.org', (array[1, 2, 7])[1 + n % 3] from generate_series(1, 34) as n;
insert into providers (provider_id, name, provider_type, api_base_url, created_at) values
    (1, 'RunSignUp', 'registration', 'https://runsignup.example/rest', '2021-05-01 10:00:00'),
    (2, 'ChronoTrack', 'timing', 'https://chronotrack.example/api', '2021-05-01 10:00:00'),
    (3, 'Race Roster', 'registration', 'https://raceroster.example/api', '2021-05-01 10:00:00'),
    (4, 'Haku', 'registration', 'https://haku.example/api', '2021-05-01 10:00:00'),
    (5, 'Copernico', 'timing', null, '2021-05-01 10:00:00');
insert into partner_provider_credentials
    (partner_provider_credential_id, provider_id, timing_partner_id, principal, secret, credential_type, additional_config)
values (1, 1, 1, 'river-key', 'river''s secret', 'api_key', '{"a": 1}'), (2, 1, 2, 'hara-key', 'ha\ra', 'api_key', null),
       (3, 2, 1, 'river@example.org', repeat('ab', 32), 'oauth', '{}'), (4, 2, 7, 'peak@example.org', null, 'oauth', '{}'),
       (5, 4, 7, 'haku-id', 'haku-secret', 'oauth2', '{"haku_event_name": "Peak"}');
insert into sync_queue (sync_queue_id, timing_partner_id, provider_id, event_id, operation_type, payload)
select n, 1, 1 + n % 5, n::text, 'participants', '{"page": 1}' from generate_series(1, 40) as n;
insert into sync_history
    (sync_history_id, timing_partner_id, provider_id, event_id, operation_type, sync_time, status,
     num_of_synced_records, entries_success, entries_failed, error_details, duration_seconds)
select n, (array[1, 2, 7])[1 + n % 3], case when n % 11 > 0 then 1 + n % 5 end, n::text,
       (array['events', 'participants', 'fetch_results', 'backfill_results', 'full', null])[1 + n % 6],
       timestamp '2023-11-05 00:15:00' + n * interval '7 minutes',
       (array['success', 'completed', 'failed', 'partial', 'SUCCESS', 'odd word'])[1 + n / 6 % 6],
       n, n - 1, 1, case n % 6 when 2 then '{"message": "it''s down"}'::jsonb end, n % 90
from generate_series(1, 600) as n;

insert into ct_events
    (event_id, event_tag, event_name, event_description, event_start_time, event_end_time, event_is_published,
     event_external_id, organization_id, organization_name, location, timing_partner_id, created_at, credentials_used)
select case when n % 10 = 3 then lpad(n::text, 6, '0') else n::text end, 'tag' || n,
       case n % 5 when 0 then 'Runner''s "Half" ' || n when 1 then 'Größe & Co ' || n else 'River Run ' || n end,
       repeat('About this race. ', 5),
       case when n % 10 > 0 then timestamp '2023-03-12 07:30:00' + (n - 1) * interval '1 day' end,
       case when n % 10 > 0 then timestamp '2023-03-12 12:30:00' + (n - 1) * interval '1 day' end, n % 7 > 0,
       'x' || n, (n % 4)::text, 'Club ' || n % 4, '{"city": "Springfield", "state": "OH", "country": "US"}',
       (array[1, 2, 7])[1 + n % 3], timestamp '2024-01-01 01:02:03.456789' + n * interval '1 second', 'river@example.org'
from generate_series(1, :events) as n;
create index on ct_events (event_tag);

insert into ct_races (race_id, event_id, race_tag, race_name, race_type, race_course_distance, race_pref_distance_unit,
                      race_planned_start_time, timing_partner_id)
select e.event_tag || '-' || r, e.event_id, 'r' || r, case r when 1 then '5K' else 'Kid''s 10K' end, 'run', r * 5.00, 'km',
       e.event_start_time + r * interval '10 minutes', e.timing_partner_id
from ct_events e, generate_series(1, 2) as r;

insert into ct_participants
    (entry_id, event_id, race_id, entry_external_id, entry_name, entry_type, entry_status, entry_bib, entry_race_age,
     athlete_id, athlete_first_name, athlete_last_name, athlete_sex, athlete_birthdate, athlete_email,
     athlete_home_phone, athlete_mobile_phone, location, team_name, timing_partner_id, created_at)
select lpad(n::text, 3 + n % 7, '0') || '-' || n, e.event_id, e.event_tag || '-' || 1 + n / :events % 2, 'x' || n,
       'Entry ' || n, 'IND', (array['CONF', 'CONF', 'CONF', 'DNF', 'WD'])[1 + n % 5],
       case when n % 97 > 0 then (1 + n / :events)::text end, case when n % 41 > 0 then 18 + n % 60 end, 'a' || n / 2,
       case n % 9 when 0 then 'D''Arcy' when 1 then 'Zoë' else 'First' || n % 200 end,
       case n % 8 when 0 then 'O"Neil \' else 'Last' || n % 700 end, (array['M', 'F', null])[1 + n % 3],
       case when n % 13 > 0 then date '1950-01-01' + n % 20000 end, 'a' || n || '@example.org', null,
       '+1 555 ' || n % 1000, case when n % 6 > 0 then '{"city": "Ames", "region": "IA", "zip": "50010"}'::jsonb end,
       case when n % 30 = 0 then 'Team ' || n end, e.timing_partner_id, timestamp '2024-02-01' + n * interval '1 second'
from generate_series(1, :participants) as n
join ct_events e on e.event_tag = 'tag' || 1 + n % :events;

-- Per participant one row each for overall, gender and division, and for every fifth one of an interval on the course.
insert into ct_results
    (id, event_id, race_id, entry_id, results_bib, results_first_name, results_last_name, results_sex, results_age,
     results_hometown, results_state_code, results_country_code, results_time, results_gun_time, results_pace,
     results_rank, results_bracket_name, results_primary_bracket_name, timing_partner_id, created_at)
select row_number() over (order by k, c.entry_id), c.event_id, c.race_id, c.entry_id, c.entry_bib, c.athlete_first_name,
       c.athlete_last_name, c.athlete_sex, c.entry_race_age, 'Ames', 'IA', 'US', full_time * share, full_time * share
       + interval '3.25 seconds', '5:00', (k + 1) * 100 + n.n % 90,
       (array['Male', 'Male 20-29', 'Overall', 'Overall'])[k], 'Male 20-29', c.timing_partner_id,
       timestamp '2024-03-10 02:15:00' + n.n * interval '1 second'
from ct_participants c
cross join lateral (select substr(c.athlete_email, 2, position('@' in c.athlete_email) - 2)::integer) as n (n)
cross join lateral (select interval '20 minutes' + n.n % 5000 * interval '1.37 seconds') as t (full_time)
cross join generate_series(1, 4) as k
cross join lateral (select case when k = 4 then 0.5 else 1 end) as s (share)
where k < 4 or n.n % 5 = 0;
insert into ct_results (id, event_id, race_id, results_bib, results_time, results_rank, timing_partner_id)
select (select max(id) from ct_results) + b, event_id, case b when 3 then null else 'tag1-1' end,
       case b when 2 then null else 'walk-' || b end, interval '1:00:00', b, timing_partner_id
from ct_events, generate_series(1, 3) as b where event_tag = 'tag1';

insert into timing_sessions (id, session_name) values (1, 'Sunday');
insert into timing_locations (id, session_id, location_name, reader_id) values (1, 1, 'FINISH', 'A1B2C3');
insert into timing_reads (id, session_id, location_id, sequence_number, location_name, tag_code, read_time, read_date,
                          raw_data)
select n, 1, 1, n, 'FINISH', 'R' || n % 1000, time '08:00' + n * interval '1 second', date '2024-03-10',
       'CT01_33~' || n from generate_series(1, 200) as n;
insert into runsignup_races (race_id, name, timing_partner_id) values (11, 'Signed', 1);
insert into runsignup_events (event_id, race_id, name, start_time, timing_partner_id)
values (21, 11, '5K', '2024-05-05 09:00:00', 1);
insert into runsignup_participants (id, race_id, event_id, registration_id, first_name, last_name, timing_partner_id)
select n, 11, 21, n, 'R', 'S' || n, 1 from generate_series(1, 100) as n;
insert into raceroster_events (event_id, name, timing_partner_id) values (31, 'Roster', 2);
insert into haku_events (event_id, event_name, timing_partner_id) values ('h1', 'Haku run', 7);
insert into copernico_events (event_id, event_name, timing_partner_id) values ('c1', 'Corrida', 7);
commit;
