-- name: hold
-- One program at a time decides what to tell; the others leave it to that one. To the end of the transaction.
select pg_try_advisory_xact_lock(8800091)

-- name: note
-- Notes a problem that is there now. One that was over begins anew.
insert into alerts as a (problem, check_name, who, state, cause, remedy)
values (%(problem)s, %(check_name)s, %(who)s, %(state)s, %(cause)s, %(remedy)s)
on conflict (problem) do update set
    state = excluded.state, cause = excluded.cause, remedy = excluded.remedy, seen_at = now(),
    since = case when a.over_at is null then a.since else now() end, over_at = null

-- name: end_others
-- Problems that are not there any more.
update alerts set over_at = now() where over_at is null and problem <> all (%(problems)s)

-- name: forget
-- What was over a week ago.
delete from alerts where over_at < now() - interval '7 days'

-- name: alerts
-- Problems that are there, and those whose end nobody was told of.
select problem, check_name, who, state, cause, remedy, since, over_at, told_at, told_state, now() as now
from alerts where over_at is null or told_state is not null order by since, problem

-- name: messages_of_the_hour
-- How many messages went out; one that several channels took is one.
select count(distinct sent_at) from alert_messages where error_message is null and sent_at > now() - interval '1 hour'

-- name: told
-- What people know of a problem from now on; a null state: that it is over.
update alerts set told_at = now(), told_state = case when over_at is null then state end where problem = any (%(problems)s)

-- name: sent
-- Notes a message, or why a channel did not take it.
insert into alert_messages (channel, notices, error_message) values (%(channel)s, %(notices)s, %(error_message)s)

-- name: forget_messages
-- Those of more than 30 days ago.
delete from alert_messages where sent_at < now() - interval '30 days'

-- name: failing_channels
-- Channels that did not take their newest message.
select channel, error_message from (
    select distinct on (channel) channel, error_message from alert_messages order by channel, alert_message_id desc
) newest
where error_message is not null order by channel
