-- Who times races, which services we read, and the logins for them.
-- created_at may be null here and below: a row of a legacy database need not say when it was made.

create table if not exists timing_partners (
    timing_partner_id  serial primary key,
    company_name       text not null,
    time_zone          text not null default 'UTC',
    contact_email      text,
    api_access_enabled boolean not null default true,
    created_at         timestamptz default now(),
    updated_at         timestamptz not null default now(),
    constraint timing_partner_is_known_once unique (company_name),
    constraint timing_partner_time_zone_exists
        check ((timestamptz 'epoch' at time zone time_zone) is not null)
);

create table if not exists providers (
    provider_id integer primary key,
    name        text not null,
    key         text,
    description text,
    created_at  timestamptz default now(),
    constraint provider_name_is_known_once unique (name),
    constraint provider_key_is_known_once unique (key)
);
comment on column providers.key is 'How programs find a provider; null for one that no program collects from.';

insert into providers (provider_id, name, key, description) values
    (1, 'ChronoTrack Live', 'chronotrack_live', 'Results and entries of the ChronoTrack Live web API'),
    (2, 'RunSignUp', 'runsignup', 'Registrations and results of RunSignUp'),
    (3, 'Race Roster', 'race_roster', 'Registrations of Race Roster'),
    (4, 'Haku', 'haku', 'Registrations of Haku'),
    (5, 'ChronoTrack TCP', 'chronotrack_tcp', 'Chip reads that timing computers send by CTP01')
on conflict do nothing;

create table if not exists partner_provider_credentials (
    partner_provider_credential_id serial,
    timing_partner_id integer not null references timing_partners,
    provider_id       integer not null references providers,
    principal         text,
    secret            text,
    credential_type   text,
    additional_config jsonb not null default '{}',
    created_at        timestamptz default now(),
    updated_at        timestamptz not null default now(),
    constraint partner_provider_credentials_pkey primary key (timing_partner_id, partner_provider_credential_id),
    constraint credential_is_known_once unique (timing_partner_id, provider_id)
);
comment on column partner_provider_credentials.principal is
    'Null, like secret, only in rows of a legacy database that had none; such a login is not used.';

create table if not exists partner_provider_accounts (
    timing_partner_id integer not null references timing_partners,
    provider_id       integer not null references providers,
    account_name      text not null,
    principal         text not null,
    secret            text not null,
    credential_type   text,
    additional_config jsonb not null default '{}',
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now(),
    primary key (timing_partner_id, provider_id, account_name),
    constraint account_has_a_name check (account_name <> '')
);
comment on table partner_provider_accounts is
    'Further accounts of a partner with one provider; the main one stands in partner_provider_credentials.';

insert into applied_migrations (name) values ('schema/010_partners.sql') on conflict do nothing;
