-- name: standing
-- What the role of this connection is allowed, and which of our roles exist. A superuser is a member of every role.
select current_user::text as login, r.rolsuper as is_superuser, r.rolbypassrls as bypasses,
       r.rolsuper or r.rolcreaterole as may_create_roles,
       (select count(*) from pg_roles where rolname in ('project88_owner', 'project88_writer', 'project88_reader')) = 3
           as roles_exist,
       coalesce(pg_has_role(current_user, to_regrole('project88_reader'), 'member'), false) as is_reader,
       coalesce((select bool_or(pg_has_role(current_user, c.relowner, 'member')) from pg_class c
                 where c.oid in (to_regclass('ct_results'), to_regclass('timing_partners'))), false) as is_owner,
       coalesce(has_any_column_privilege(to_regclass('partner_provider_credentials'), 'select'), false)
           or coalesce(has_any_column_privilege(to_regclass('partner_provider_accounts'), 'select'), false)
           as reads_logins,
       coalesce((select c.relrowsecurity and exists (
                     select from pg_policy p where p.polrelid = c.oid and p.polname = 'reader_sees_named_partners')
                 from pg_class c where c.oid = to_regclass('ct_results')), false) as rows_are_secured
from pg_roles r where r.rolname = current_user

-- name: role_exists
-- Whether the server has a role of this name.
select to_regrole(quote_ident(%(login)s)) is not null

-- name: create_login
-- Makes a login that may read what pages show.
create role {login} login in role project88_reader

-- name: set_password
-- Sets the password of a login; the server gets its verifier only.
alter role {login} login password {verifier}
