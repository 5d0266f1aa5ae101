"""What PostgreSQL knows of the hub's objects, as lines that two databases can be compared by. Changes nothing.

Left out: the order of columns, columns that the other database lacks, and whatever is not the hub's.
"""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

COLUMNS = """
    select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
           pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relkind in ('r', 'v') and c.relnamespace = 'public'::regnamespace
"""
TABLES = """
    select relname, relkind::text, reloptions::text, relrowsecurity, relforcerowsecurity, relpersistence::text,
           obj_description(oid, 'pg_class')
    from pg_class where relkind in ('r', 'v') and relnamespace = 'public'::regnamespace
"""
CONSTRAINTS = """
    select c.relname, k.conname, k.contype::text, pg_get_constraintdef(k.oid), k.convalidated
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    where c.relnamespace = 'public'::regnamespace and k.contype <> 'n'
"""
INDEXES = """
    select tablename, indexname, indexdef from pg_indexes where schemaname = 'public'
"""
VIEWS = """
    select viewname, viewname, definition from pg_views where schemaname = 'public'
"""
SEQUENCES = """
    select sequencename, data_type::text, start_value, increment_by, cycle from pg_sequences where schemaname = 'public'
"""
FUNCTIONS = """
    select oid::regprocedure::text, prokind::text, prorettype::regtype::text, provolatile::text, proparallel::text,
           proisstrict, prosecdef, prosrc, pg_get_function_sqlbody(oid)
    from pg_proc where pronamespace = 'public'::regnamespace
"""
TRIGGERS = """
    select c.relname, pg_get_triggerdef(t.oid), t.tgenabled::text
    from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where not t.tgisinternal and c.relnamespace = 'public'::regnamespace
"""
POLICIES = """
    select tablename, policyname, permissive, roles::text, cmd, qual, with_check from pg_policies
    where schemaname = 'public'
"""
SCHEMAS = "select nspname from pg_namespace where nspname !~ '^pg_'"

#: What is said of a relation, by its name in the first column.
OF_RELATIONS = {
    "table": TABLES,
    "column": COLUMNS,
    "constraint": CONSTRAINTS,
    "index": INDEXES,
    "view": VIEWS,
    "trigger": TRIGGERS,
    "policy": POLICIES,
}
OF_THE_DATABASE = {"sequence": SEQUENCES, "function": FUNCTIONS, "schema": SCHEMAS}

Row = tuple[str, ...]


def catalogue(url: str) -> set[Row]:
    """Everything in the schema public, whoever's it is."""
    with psycopg.connect(url) as connection:
        return {
            (kind, *map(str, row))
            for kind, query in {**OF_RELATIONS, **OF_THE_DATABASE}.items()
            for row in connection.execute(query)
        }


def of_the_hub(found: set[Row], fresh: set[Row]) -> set[Row]:
    """Without relations, columns, functions and sequences that a fresh database does not have."""
    known = {_subject(row) for row in fresh}
    return {row for row in found if row[0] in ("constraint", "index", "trigger") or _subject(row) in known} - {
        row for row in found if row[0] in ("constraint", "index", "trigger") and ("table", row[1]) not in known
    }


def _subject(row: Row) -> Sequence[str]:
    return row[:3] if row[0] == "column" else row[:2]
