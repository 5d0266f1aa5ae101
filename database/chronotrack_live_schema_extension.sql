-- The schema extension for ChronoTrack Live, for an empty database, a legacy one and one that has it already.
-- From the repository root in psql: \i database/chronotrack_live_schema_extension.sql
-- One transaction; it stops at the first error and changes nothing then. docs/howto/move-from-legacy.md has the rest.
\set ON_ERROR_STOP on
\ir install.sql
