-- Who may do what: the roles project88_owner, project88_writer and project88_reader, their rights on the hub's objects,
-- and row-level security. Makes no login. docs/howto/database-roles.md tells the operator.
-- For a role with CREATEROLE that may change the hub's tables. May run again; do so after each change of the schema:
-- project88 db migrate does.
\set ON_ERROR_STOP on
begin;
\ir roles/010_roles.sql
\ir roles/020_rights.sql
\ir roles/030_row_security.sql
commit;
