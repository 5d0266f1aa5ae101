-- A legacy database as the legacy schema reference describes it, with the provider tables that a later script added, and
-- data. For an empty database; needs its owner only. It has no ct_races and no partner_provider_credentials.
-- psql -X -v ON_ERROR_STOP=1 -f variant_d.sql; larger with -v events=... -v participants=... (3.2 results each).
\if :{?events} \else \set events 50 \endif
\if :{?participants} \else \set participants 2000 \endif
begin;

create table timing_partners (
    timing_partner_id serial primary key, company_name varchar(255) not null, contact_email varchar(255),
    api_access_enabled boolean default true, created_at timestamp default now());
create table users (
    id serial primary key, username varchar(100) unique, email varchar(255), password_hash varchar(255),
    timing_partner_id integer references timing_partners, role varchar(50) default 'user');
create table providers (
    id serial primary key, provider_name varchar(100) not null unique, provider_type varchar(50),
    api_base_url varchar(255), rate_limit_per_hour integer default 1000, created_at timestamp default now());
create table sync_queue (
    id serial primary key, timing_partner_id integer references timing_partners, provider_name varchar(100),
    sync_type varchar(50), priority integer default 5, status varchar(20) default 'pending', scheduled_for timestamp,
    retry_count integer default 0, max_retries integer default 3, payload jsonb, created_at timestamp default now());
create table sync_history (
    id serial primary key, timing_partner_id integer references timing_partners, provider_name varchar(100),
    sync_type varchar(50), status varchar(20), records_processed integer default 0, started_at timestamp,
    completed_at timestamp, error_message text, created_at timestamp default now());

create table ct_events (
    event_id varchar(100) primary key, event_name varchar(255), event_start_time timestamp, event_type varchar(100),
    location jsonb, timing_partner_id integer references timing_partners, created_at timestamp default now(),
    credentials_used varchar(100));
create table ct_participants (
    entry_id varchar(100) primary key, event_id varchar(100), race_id varchar(100), entry_external_id varchar(100),
    entry_name varchar(255), entry_type varchar(50), entry_status varchar(50), entry_bib varchar(20),
    entry_race_age integer, athlete_id varchar(100), athlete_first_name varchar(100), athlete_last_name varchar(100),
    athlete_sex varchar(20), athlete_birthdate date, athlete_email varchar(255), athlete_home_phone varchar(20),
    athlete_mobile_phone varchar(20), location jsonb, team_id varchar(100), team_name varchar(255),
    timing_partner_id integer references timing_partners, created_at timestamp default now(),
    credentials_used varchar(100));
create index idx_ct_participants_name on ct_participants (athlete_last_name, athlete_first_name);
create table ct_results (
    id serial primary key, event_id varchar(100), race_id varchar(100), entry_id varchar(100), results_bib varchar(20),
    results_first_name varchar(100), results_last_name varchar(100), results_sex varchar(20), results_age integer,
    results_time varchar(50), results_gun_time varchar(50), results_rank integer, results_bracket_name varchar(100),
    results_primary_bracket_name varchar(100), timing_partner_id integer references timing_partners,
    created_at timestamp default now());

create table timing_sessions (
    id serial primary key, session_name varchar(255) not null, event_name varchar(255), status varchar(50),
    user_id integer references users, controller_name varchar(100), created_at timestamp default now());
create table timing_locations (
    id serial primary key, session_id integer references timing_sessions, location_name varchar(255),
    reader_id varchar(100), created_at timestamp default now());
create table timing_reads (
    id bigserial primary key, session_id integer references timing_sessions, location_id integer, sequence_number integer,
    location_name varchar(255), tag_code varchar(100), read_time varchar(50), read_timestamp timestamp, raw_data jsonb,
    unique (session_id, sequence_number, location_name));

-- Of the later script.
create table raceroster_events (
    event_id varchar(100) primary key, name varchar(255), start_date timestamp, city varchar(100), state varchar(50),
    country varchar(50), registration_fee decimal(10, 2), event_status varchar(50),
    timing_partner_id integer references timing_partners);
create table raceroster_participants (
    id serial primary key, event_id varchar(100) references raceroster_events, participant_id varchar(100),
    bib_number varchar(50), first_name varchar(100), last_name varchar(100),
    timing_partner_id integer references timing_partners);
create table haku_events (
    event_id varchar(100) primary key, event_name varchar(255), distance varchar(50), event_status varchar(50),
    timing_partner_id integer references timing_partners);
create table haku_participants (
    id serial primary key, event_id varchar(100), participant_id varchar(100), bib_number varchar(50),
    first_name varchar(100), last_name varchar(100), timing_partner_id integer references timing_partners,
    unique (event_id, participant_id, timing_partner_id));
create table copernico_events (
    event_id varchar(100) primary key, event_name varchar(255), distance_km decimal(10, 2), event_status varchar(50),
    timing_partner_id integer references timing_partners);
create table copernico_results (
    id serial primary key, event_id varchar(100), bib_number varchar(50), total_time interval, overall_place integer,
    gender_place integer, division_place integer, result_status varchar(50),
    timing_partner_id integer references timing_partners);

create view unified_results as
select 'chronotrack'::text as source_provider, timing_partner_id, event_id, results_bib as bib_number,
       results_first_name as first_name, results_last_name as last_name, results_sex as gender, results_age as age,
       results_time, results_gun_time, results_rank as overall_place, created_at as fetched_date
from ct_results;

insert into timing_partners (timing_partner_id, company_name, contact_email, api_access_enabled, created_at) values
    (1, 'Big River Race Management', 'office@river.example', true, '2019-03-10 02:30:00'),
    (2, 'O''Hara "Fast" Timing', null, false, '2020-01-01 00:00:00');
insert into users (id, username, email, password_hash, timing_partner_id)
select n, 'u' || n, 'u' || n || '@example.org', repeat('x', 60), 1 + n % 2 from generate_series(1, 34) as n;
insert into providers (id, provider_name, provider_type) values
    (1, 'ChronoTrack', 'timing'), (2, 'RunSignUp', 'registration'), (3, 'Race Roster', 'registration'),
    (5, 'Haku', 'registration');
insert into sync_queue (id, timing_partner_id, provider_name, sync_type)
select n, 1 + n % 2, 'RunSignUp', 'participants' from generate_series(1, 40) as n;
insert into sync_history
    (id, timing_partner_id, provider_name, sync_type, status, records_processed, started_at, completed_at, error_message)
select n, 1 + n % 2, (array['RunSignUp', 'race_roster', 'Haku', 'Copernico', 'ChronoTrack', null])[1 + n % 6],
       (array['events', 'participants', 'results', 'backfill', 'heartbeat'])[1 + n % 5],
       (array['success', 'completed', 'failed', 'partial', 'running'])[1 + n / 6 % 5], n,
       timestamp '2023-11-05 00:15:00' + n * interval '7 minutes',
       case when n % 10 > 0 then timestamp '2023-11-05 00:16:00' + n * interval '7 minutes' end,
       case when n % 25 = 0 then 'it''s down' end
from generate_series(1, 600) as n;

insert into ct_events (event_id, event_name, event_start_time, event_type, location, timing_partner_id, created_at)
select n::text, case n % 5 when 0 then 'Runner''s "Half" ' || n else 'River Run ' || n end,
       case when n % 10 > 0 then timestamp '2023-03-12 07:30:00' + (n - 1) * interval '1 day' end, 'run',
       '{"city": "Springfield", "region": "OH", "country_code": "US"}', 1 + n % 2,
       timestamp '2024-01-01 01:02:03.456789' + n * interval '1 second'
from generate_series(1, :events) as n;
insert into ct_participants
    (entry_id, event_id, race_id, entry_name, entry_type, entry_status, entry_bib, entry_race_age, athlete_first_name,
     athlete_last_name, athlete_sex, athlete_birthdate, athlete_email, location, timing_partner_id, created_at)
select lpad(n::text, 3 + n % 7, '0') || '-' || n, e.event_id, 'r' || e.event_id, 'Entry ' || n, 'IND', 'CONF',
       case when n % 97 > 0 then (1 + n / :events)::text end, 18 + n % 60,
       case n % 9 when 0 then 'D''Arcy' else 'First' || n % 200 end, 'Last' || n % 700, (array['Male', 'Female', null])[1 + n % 3],
       case when n % 13 > 0 then date '1950-01-01' + n % 20000 end, 'a' || n || '@example.org', '{"city": "Ames"}',
       e.timing_partner_id, timestamp '2024-02-01' + n * interval '1 second'
from generate_series(1, :participants) as n
join ct_events e on e.event_id = (1 + n % :events)::text;

-- Times in the forms that came in over the years, and rubbish. Every sixth result lacks its race.
insert into ct_results
    (id, event_id, race_id, entry_id, results_bib, results_first_name, results_last_name, results_sex, results_age,
     results_time, results_gun_time, results_rank, results_bracket_name, results_primary_bracket_name, timing_partner_id)
select row_number() over (order by k, c.entry_id), c.event_id, case when n.n % 6 > 0 then c.race_id end, c.entry_id,
       c.entry_bib, c.athlete_first_name, c.athlete_last_name, c.athlete_sex, c.entry_race_age,
       case n.n % 8 when 0 then 'DNF' when 1 then '' when 2 then '1:0' || n.n % 10 || ':30' when 3 then '59:' || 10 + n.n % 50
                    when 4 then (3000 * share)::integer || '.25' when 5 then '01:02:03.456' when 6 then null
                    else ' 0:58:07 ' end,
       case n.n % 8 when 0 then '--:--' when 2 then '1:09:59' end, (k + 1) * 100 + n.n % 90,
       (array['Male', 'Male 20-29', 'Overall', 'Overall'])[k], 'Male 20-29', c.timing_partner_id
from ct_participants c
cross join lateral (select substr(c.athlete_email, 2, position('@' in c.athlete_email) - 2)::integer) as n (n)
cross join generate_series(1, 4) as k
cross join lateral (select case when k = 4 then 0.5 else 1 end) as s (share)
where k < 4 or n.n % 5 = 0;

insert into timing_sessions (id, session_name, user_id) values (1, 'Sunday', 1);
insert into timing_reads (id, session_id, sequence_number, location_name, tag_code, read_time, raw_data)
select n, 1, n, 'FINISH', 'R' || n, '25:00:' || lpad((n % 60)::text, 2, '0'), '{"bib": "12"}'
from generate_series(1, 200) as n;
insert into raceroster_events (event_id, name, timing_partner_id) values ('rr1', 'Roster', 2);
insert into haku_events (event_id, event_name, distance, timing_partner_id) values ('h1', 'Haku run', '10K', 1);
insert into copernico_results (id, event_id, bib_number, overall_place) values (1, 'c1', '7', 1);
commit;
