-- name: refresh
-- Brings the planner's statistics of tables that have grown up to date.
select refresh_statistics();
