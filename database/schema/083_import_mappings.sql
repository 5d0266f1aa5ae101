-- Start lists and results from files: their source, how much its word counts, and how a partner's columns are read.

-- A legacy database may have given our numbers to other sources, so the next free one is taken.
insert into providers (provider_id, name, key, description)
select coalesce(max(provider_id), 0) + 1, 'Imported files', 'file', 'Start lists and results that an operator imports'
from providers
having not exists (select from providers where key = 'file')
on conflict do nothing;

-- Behind everybody who says it firsthand, before a source that nobody ranked.
insert into source_ranks (data_source, is_settled, rank) values ('file', false, 6), ('file', true, 6)
on conflict do nothing;

create table if not exists import_mappings (
    timing_partner_id integer not null references timing_partners,
    mapping_name      text not null,
    columns           jsonb not null default '{}',
    splits            jsonb not null default '{}',
    date_order        text,
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now(),
    primary key (timing_partner_id, mapping_name),
    constraint import_mapping_has_a_name check (mapping_name <> ''),
    constraint date_order_is_a_known_word check (date_order in ('iso', 'month-first', 'day-first'))
);
comment on table import_mappings is 'Which columns of a timing partner''s files are which fields, saved under a name.';
comment on column import_mappings.columns is 'From the name of a column to its field; an empty field: the column is not read.';
comment on column import_mappings.splits is 'From the name of a column to the name of its split.';
comment on column import_mappings.date_order is 'What comes first in dates that do not begin with the year. Null: such dates are bad.';

insert into applied_migrations (name) values ('schema/083_import_mappings.sql') on conflict do nothing;
