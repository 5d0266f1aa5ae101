-- What is believed of the reads: courses, decisions of people, and the status of each read. Results go to ct_results.

create table if not exists timing.courses (
    timing_partner_id integer not null,
    event_id          text not null,
    race_id           text not null,
    course            jsonb not null,
    updated_at        timestamptz not null default now(),
    primary key (timing_partner_id, event_id, race_id),
    constraint course_belongs_to_an_event
        foreign key (timing_partner_id, event_id) references ct_events on delete cascade
);
comment on table timing.courses is 'Where a race is timed and by which rules; docs/reference/course.md says what a course holds.';

create table if not exists timing.decisions (
    timing_partner_id integer not null,
    decision_id       bigint generated always as identity,
    event_id          text not null,
    bib_number        text,
    timing_read_id    bigint,
    kind              text not null,
    adjustment        interval,
    reason            text not null,
    decided_by        text not null,
    decided_at        timestamptz not null default now(),
    undone_by         text,
    undone_at         timestamptz,
    primary key (timing_partner_id, decision_id),
    constraint decision_kind_is_a_known_word
        check (kind in ('disqualified', 'did_not_finish', 'time_adjusted', 'read_ignored')),
    constraint decision_is_about_a_read_or_a_bib
        check ((kind = 'read_ignored') = (timing_read_id is not null) and (kind = 'read_ignored') = (bib_number is null)),
    constraint an_adjustment_has_a_time check ((kind = 'time_adjusted') = (adjustment is not null)),
    constraint decision_belongs_to_an_event
        foreign key (timing_partner_id, event_id) references ct_events on delete cascade
);
comment on table timing.decisions is 'What people decided on results and reads. Facts: they are undone, never removed.';
create index if not exists decisions_by_event on timing.decisions (timing_partner_id, event_id);

create table if not exists timing.read_statuses (
    timing_partner_id integer not null,
    timing_read_id    bigint not null,
    event_id          text not null,
    status            text not null,
    point             text,
    primary key (timing_partner_id, timing_read_id),
    constraint read_status_belongs_to_a_read
        foreign key (timing_partner_id, timing_read_id) references timing.timing_reads on delete cascade,
    constraint read_status_is_a_known_word
        check (status in ('used', 'before_start', 'ignore_window', 'unknown_bib', 'unknown_location', 'implausible',
                          'duplicate', 'after_finish', 'ignored_by_hand'))
);
comment on table timing.read_statuses is 'What scoring made of each read of a bound session. point is the one that a used read counts for.';

create table if not exists timing.scorings (
    timing_partner_id integer not null,
    event_id          text not null,
    scoring_id        bigint generated always as identity,
    timing_read_id    bigint not null default 0,
    scored_at         timestamptz not null default now(),
    problem           text,
    is_stale          boolean not null default false,
    primary key (timing_partner_id, event_id),
    constraint scoring_belongs_to_an_event
        foreign key (timing_partner_id, event_id) references ct_events on delete cascade
);
alter table timing.scorings add column if not exists anew_count integer not null default 0;
comment on table timing.scorings is 'Up to which read each event is scored; problem says why it is not.';
comment on column timing.scorings.is_stale is 'True while something but a read has changed that the results rest on, or somebody asked.';
comment on column timing.scorings.scoring_id is 'Another one whenever somebody decided, or asked.';
comment on column timing.scorings.anew_count is 'How often the event was to be scored from its first read on.';

insert into applied_migrations (name) values ('schema/077_scoring.sql') on conflict do nothing;
