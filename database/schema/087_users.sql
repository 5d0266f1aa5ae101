-- Who may log in to the operator's page, their sessions, what failed at the door, and what people did there.
-- A legacy table users is left alone.

create table if not exists project88_users (
    user_id           integer generated always as identity primary key,
    timing_partner_id integer references timing_partners,
    name              text not null,
    email             text not null,
    password_hash     text not null,
    role              text not null,
    is_active         boolean not null default true,
    created_at        timestamptz not null default now(),
    constraint user_email_is_known_once unique (email),
    constraint user_email_is_in_small_letters check (email = lower(email)),
    constraint user_role_is_a_known_word check (role in ('admin', 'partner_staff', 'read_only')),
    constraint only_an_admin_is_of_no_partner check ((role = 'admin') = (timing_partner_id is null))
);
comment on column project88_users.timing_partner_id is 'Whose rows the user sees; null for an admin, who sees all.';
comment on column project88_users.password_hash is 'By scrypt, with its parameters and salt.';

create table if not exists user_sessions (
    token_sha256 bytea primary key,
    user_id      integer not null references project88_users on delete cascade,
    began_at     timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    ends_at      timestamptz not null
);
comment on column user_sessions.token_sha256 is 'The browser has the token; who reads this table cannot use it.';
create index if not exists user_sessions_by_user on user_sessions (user_id);

create table if not exists login_failures (
    login_failure_id bigint generated always as identity primary key,
    account_sha256   bytea not null,
    address          text not null,
    failed_at        timestamptz not null default now()
);
comment on table login_failures is 'Logins of the last day that did not succeed. Each is noted before its password is looked at.';
comment on column login_failures.account_sha256 is 'Of what was typed as the email address: it may be a password.';
create index if not exists login_failures_by_account on login_failures (account_sha256, failed_at);
create index if not exists login_failures_by_address on login_failures (address, failed_at);

create table if not exists user_actions (
    user_action_id    bigint generated always as identity primary key,
    timing_partner_id integer references timing_partners,
    user_id           integer references project88_users on delete set null,
    email             text not null,
    action            text not null,
    subject           text not null,
    outcome           text,
    happened_at       timestamptz not null default now()
);
comment on table user_actions is 'What people did on the operator''s page. A row is written before the action begins.';
comment on column user_actions.outcome is 'What came of it; null where the program ended before it knew.';
create index if not exists user_actions_by_partner on user_actions (timing_partner_id, happened_at desc);

insert into applied_migrations (name) values ('schema/087_users.sql') on conflict do nothing;
