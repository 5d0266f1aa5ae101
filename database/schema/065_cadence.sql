-- When each provider is asked for what: the cadence as rows that an operator may change.

create table if not exists cadence_rules (
    provider_key text not null,
    kind         text not null,
    phase        text not null,
    anchor       text not null,
    begins       interval,
    ends         interval,
    ends_anchor  text,
    closed       boolean not null default false,
    every        interval,
    at_times     time[],
    weekdays     smallint[],
    lane         text,
    is_on        boolean not null default true,
    reason       text not null,
    constraint cadence_rules_pkey primary key (provider_key, kind, phase),
    constraint cadence_rule_belongs_to_a_provider foreign key (provider_key) references providers (key),
    constraint cadence_kind_is_known check (kind in ('results', 'participants', 'discovery')),
    constraint cadence_anchor_is_known check (anchor in ('start', 'end', 'clock')),
    constraint cadence_ends_anchor_is_known check (ends_anchor in ('start', 'end')),
    constraint cadence_lane_is_known check (lane in ('live', 'soon', 'routine', 'backfill')),
    constraint cadence_polls_are_a_second_apart check (every >= interval '1 second'),
    constraint cadence_times_of_day_go_with_the_clock
        check (anchor = 'clock' or (at_times is null and weekdays is null)),
    constraint cadence_weekdays_go_with_times_of_day check (weekdays is null or at_times is not null),
    constraint cadence_clock_has_times_of_day_or_a_distance
        check (anchor <> 'clock' or (at_times is null) <> (every is null)),
    constraint cadence_from_an_event_begins_and_repeats_until_an_end
        check (anchor = 'clock' or (begins is not null and (every is null) = (ends is null))),
    constraint cadence_discovery_follows_the_clock_alone
        check (kind <> 'discovery' or (anchor = 'clock' and begins is null and ends is null)),
    constraint cadence_of_an_event_begins_and_ends
        check (kind = 'discovery' or anchor <> 'clock' or (begins is not null and ends is not null)),
    constraint cadence_times_of_day_are_named
        check (cardinality(at_times) > 0 and array_position(at_times, null) is null),
    constraint cadence_weekdays_are_iso_numbers
        check (cardinality(weekdays) > 0 and weekdays <@ array[1, 2, 3, 4, 5, 6, 7]::smallint[])
);
comment on table cadence_rules is
    'Polls from begins to ends, every so often. A day is 24 hours here, except in at_times. Edits survive a migration.';
comment on column cadence_rules.phase is 'A name. A phase whose name begins with tail is part of the correction tail.';
comment on column cadence_rules.anchor is
    'What begins counts from: start (the gun, once it is known) or end of the event; clock: polls follow the clock.';
comment on column cadence_rules.begins is
    'First poll; negative: before the anchor. For clock: no poll before it, counted from the start.';
comment on column cadence_rules.ends is 'No poll is later; null: there is one poll only, at begins.';
comment on column cadence_rules.ends_anchor is 'What ends counts from; null: the anchor, for clock the start.';
comment on column cadence_rules.closed is 'Whether a poll at the instant of ends belongs to the phase.';
comment on column cadence_rules.every is 'Distance of two polls. For clock counted from 00:00 UTC of 1 January 1970.';
comment on column cadence_rules.at_times is 'Times of day in the partner''s time zone, for clock.';
comment on column cadence_rules.weekdays is 'The days of at_times: 1 is Monday, 7 Sunday; null: every day.';
comment on column cadence_rules.lane is
    'How urgent; null: by nearness to the start: live in the hour before it, soon within 24 hours of it, else routine.';
comment on column cadence_rules.reason is
    'What an operator reads. {number} {count} {every} {begins} {ends} are filled in, {start} is the start or the gun.';

-- ChronoTrack Live: the operating rules of the users, whose recommended reading is 5 min, 5 h and 72 h from the start.
-- The service itself publishes results anew a day after a late change, hence the tail beyond the 72 hours.
insert into cadence_rules
    (provider_key, kind, phase, anchor, begins, ends, ends_anchor, closed, every, lane, reason) values
    ('chronotrack_live', 'results', 'intensive', 'start', '5 minutes', '5 hours', null, false, '90 seconds', 'live',
     'poll {number} of {count}: every {every} from {begins} after {start} until {ends} after it'),
    ('chronotrack_live', 'results', 'standard', 'start', '6 hours', '72 hours', null, true, '1 hour', null,
     'poll {number} of {count}: every {every} from {begins} after {start} to {ends} after it'),
    ('chronotrack_live', 'results', 'tail_daily', 'start', '4 days', '14 days', null, true, '1 day', 'backfill',
     'poll {number} of {count} for late corrections: every {every} from {begins} after {start} to {ends} after it'),
    ('chronotrack_live', 'results', 'tail_weekly', 'start', '21 days', '90 days', null, true, '7 days', 'backfill',
     'poll {number} of {count} for late corrections: every {every} from {begins} after {start} to {ends} after it'),
    ('chronotrack_live', 'participants', 'before', 'start', '-365 days', '0', null, false, '1 day', null,
     'poll {number} of {count}: every {every} until {start}'),
    ('chronotrack_live', 'participants', 'gun', 'start', '-15 minutes', null, null, false, null, null,
     'once, {begins} before {start}'),
    ('chronotrack_live', 'participants', 'during', 'start', '0', '1 hour', 'end', false, '6 hours', null,
     'poll {number} of {count}: every {every} from {start} until {ends} after the end'),
    ('chronotrack_live', 'participants', 'last', 'end', '1 hour', null, null, false, null, null,
     'the last one, {begins} after the end'),
    ('chronotrack_live', 'discovery', 'regular', 'clock', null, null, null, false, '6 hours', null,
     'the list of events: every {every} from midnight UTC on')
on conflict do nothing;

-- RunSignUp, Haku and Race Roster: the intended rule is 240, 15 and 1 min by nearness to the start (other texts of the
-- legacy system say 60, 5 and 1, or 60, 15 and 1) and an end one hour after it. The 365 days ahead are ours.
insert into cadence_rules (provider_key, kind, phase, anchor, begins, ends, closed, every, reason)
select provider_key, 'participants', phase, 'start', begins, ends, closed, every, reason
from (values ('runsignup'), ('haku'), ('race_roster')) as p (provider_key),
     (values
        ('far', interval '-365 days', interval '-24 hours', false, interval '4 hours',
         'poll {number} of {count}: every {every} until {ends} before {start}'),
        ('near', interval '-24 hours', interval '-4 hours', false, interval '15 minutes',
         'poll {number} of {count}: every {every} from {begins} before {start} until {ends} before it'),
        ('gun', interval '-4 hours', interval '1 hour', true, interval '1 minute',
         'poll {number} of {count}: every {every} from {begins} before {start} to {ends} after it')
     ) as r (phase, begins, ends, closed, every, reason)
on conflict do nothing;

insert into cadence_rules (provider_key, kind, phase, anchor, at_times, reason)
select provider_key, 'discovery', 'regular', 'clock', array['06:00', '18:00']::time[],
       'the list of events: at 06:00 and 18:00 of the partner''s time zone'
from (values ('runsignup'), ('haku'), ('race_roster')) as p (provider_key)
on conflict do nothing;

-- RunSignUp results: by age of the event 2 h, 12 h and daily at 03:00, and 2 h from Friday to Sunday. The end after
-- 90 days is ours; the legacy rule names none.
insert into cadence_rules
    (provider_key, kind, phase, anchor, begins, ends, closed, every, at_times, weekdays, reason) values
    ('runsignup', 'results', 'fresh', 'start', '2 hours', '2 days', true, '2 hours', null, null,
     'poll {number} of {count}: every {every} from {begins} after {start} to {ends} after it'),
    ('runsignup', 'results', 'week', 'start', '60 hours', '7 days', true, '12 hours', null, null,
     'poll {number} of {count}: every {every} until {ends} after {start}'),
    ('runsignup', 'results', 'older', 'clock', '7 days', '90 days', true, null, '{03:00}', null,
     'daily at 03:00 of the partner''s time zone until {ends} after {start}'),
    ('runsignup', 'results', 'weekend', 'clock', '2 days', '90 days', true, null,
     '{00:00,02:00,04:00,06:00,08:00,10:00,12:00,14:00,16:00,18:00,20:00,22:00}', '{5,6,7}',
     'every second hour from Friday to Sunday until {ends} after {start}')
on conflict do nothing;

insert into applied_migrations (name) values ('schema/065_cadence.sql') on conflict do nothing;
