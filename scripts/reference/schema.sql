-- name: relations
-- Every table and view of the hub with its comment, tables first.
select c.oid, case when c.relnamespace = 'timing'::regnamespace then 'timing.' else '' end || c.relname as name,
       c.relkind = 'v' as is_view, obj_description(c.oid, 'pg_class') as comment
from pg_class c
where c.relnamespace in ('public'::regnamespace, 'timing'::regnamespace) and c.relkind in ('r', 'v')
order by c.relkind = 'v', c.relnamespace = 'timing'::regnamespace, c.relname;

-- name: columns
-- The columns of one relation in their order.
select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as is_required,
       case when a.attidentity <> '' then 'generated'
            else pg_get_expr(d.adbin, d.adrelid) end as default_text,
       col_description(a.attrelid, a.attnum) as comment
from pg_attribute a
left join pg_attrdef d on (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
where a.attrelid = %(oid)s and a.attnum > 0 and not a.attisdropped
order by a.attnum;

-- name: constraints
-- Keys, references and checks of one table. A not null stands with its column.
select conname as name, pg_get_constraintdef(oid) as definition
from pg_constraint
where conrelid = %(oid)s and contype in ('p', 'u', 'f', 'c')
order by contype = 'c', contype = 'f', contype <> 'p', conname;

-- name: indexes
-- The indexes of one table that no constraint brought.
select pg_get_indexdef(i.indexrelid) as definition
from pg_index i
where i.indrelid = %(oid)s and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
order by 1;

-- name: functions
-- The functions of the hub.
select p.proname as name, pg_get_function_identity_arguments(p.oid) as arguments
from pg_proc p
where p.pronamespace = 'public'::regnamespace
order by 1, 2;

-- name: providers
-- The services that a new database knows.
select provider_id, key, name, description from providers order by provider_id;
