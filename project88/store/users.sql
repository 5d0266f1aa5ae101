-- name: add
-- Adds a user; no row where the email address is known.
insert into project88_users (timing_partner_id, name, email, password_hash, role)
values (%(timing_partner_id)s, %(name)s, lower(%(email)s), %(password_hash)s, %(role)s)
on conflict (email) do nothing
returning user_id;

-- name: list
-- The users, without their passwords.
select u.user_id, u.timing_partner_id, p.company_name, u.name, u.email, u.role, u.is_active, u.created_at
from project88_users u
left join timing_partners p using (timing_partner_id)
where (%(email)s::text is null or u.email = lower(%(email)s))
order by u.timing_partner_id nulls first, u.email;

-- name: password_of
-- What the password of a user who may log in is compared with.
select password_hash from project88_users where email = lower(%(email)s) and is_active;

-- name: set_password
-- Gives a user another password; with the old one goes every session.
with changed as (
    update project88_users set password_hash = %(password_hash)s where email = lower(%(email)s) returning user_id),
ended as (delete from user_sessions where user_id in (select user_id from changed))
select user_id from changed;

-- name: deactivate
-- Ends a user's sessions and lets nobody log in as the user.
with changed as (
    update project88_users set is_active = false where email = lower(%(email)s) returning user_id),
ended as (delete from user_sessions where user_id in (select user_id from changed))
select user_id from changed;

-- name: begin_session
-- A session of a user who may log in; those that are over go.
with over as (delete from user_sessions where ends_at < now())
insert into user_sessions (token_sha256, user_id, ends_at)
select %(token_sha256)s, user_id, now() + make_interval(hours => %(hours)s)
from project88_users where email = lower(%(email)s) and is_active;

-- name: of_session
-- Whose session it is, while it lasts and is used.
select u.user_id, u.timing_partner_id, p.company_name, u.name, u.email, u.role, u.is_active, u.created_at
from user_sessions s
join project88_users u using (user_id)
left join timing_partners p using (timing_partner_id)
where s.token_sha256 = %(token_sha256)s and u.is_active and now() < s.ends_at
  and s.last_seen_at > now() - make_interval(mins => %(idle_minutes)s);

-- name: saw_session
-- Notes that a session is used, once in a minute.
update user_sessions set last_seen_at = now()
where token_sha256 = %(token_sha256)s and last_seen_at < now() - interval '1 minute';

-- name: end_session
-- Whoever has its token is nobody from now on.
delete from user_sessions where token_sha256 = %(token_sha256)s;

-- name: one_login_at_a_time
-- Two that come at once must not both be the last one that is allowed.
select pg_advisory_xact_lock(hashtextextended('project88 login_failures', 0));

-- name: failures
-- How often logins failed lately: of the account from the address, of the account, from the address. Older ones go.
with forgotten as (delete from login_failures where failed_at < now() - interval '1 day')
select count(*) filter (where account_sha256 = %(account_sha256)s and address = %(address)s)::int,
       count(*) filter (where account_sha256 = %(account_sha256)s)::int,
       count(*) filter (where address = %(address)s)::int
from login_failures
where (account_sha256 = %(account_sha256)s or address = %(address)s)
  and failed_at > now() - make_interval(mins => %(minutes)s);

-- name: note_failure
-- A login counts as failed until it has succeeded.
insert into login_failures (account_sha256, address) values (%(account_sha256)s, %(address)s);

-- name: forget_failures
-- Whoever knows the password has made up for the failures of the account from the same address.
delete from login_failures where account_sha256 = %(account_sha256)s and address = %(address)s;

-- name: begin_action
-- What a user is about to do.
insert into user_actions (timing_partner_id, user_id, email, action, subject)
values (%(timing_partner_id)s, %(user_id)s, %(email)s, %(action)s, %(subject)s)
returning user_action_id;

-- name: end_action
-- What came of it, and on what it was done where that is known only now.
update user_actions set outcome = %(outcome)s, subject = coalesce(%(subject)s, subject)
where user_action_id = %(user_action_id)s;

-- name: outcome
-- What came of an action of a user.
select outcome from user_actions where user_action_id = %(user_action_id)s and user_id = %(user_id)s;

-- name: actions
-- What users did of late, of one partner or of all, the newest first.
select a.happened_at, a.timing_partner_id, p.company_name, a.email, a.action, a.subject, a.outcome
from user_actions a
left join timing_partners p using (timing_partner_id)
where (%(timing_partner_id)s::int is null or a.timing_partner_id = %(timing_partner_id)s)
  and (%(subject)s::text is null or a.subject = %(subject)s)
order by a.user_action_id desc
limit %(at_most)s;
