-- name: forget
-- Drops what the engine noted of jobs that ended long ago.
delete from pgqueuer.pgqueuer_log where created < now() - make_interval(days => %(days)s);
