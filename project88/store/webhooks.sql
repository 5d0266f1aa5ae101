-- name: add
-- A webhook of a timing partner; nothing where there is no such partner or where it has this address already.
insert into webhooks (timing_partner_id, url, event_id, secret, position)
select timing_partner_id, %(url)s, %(event_id)s, %(secret)s, %(position)s
from timing_partners where timing_partner_id = %(timing_partner_id)s
on conflict (timing_partner_id, url) do nothing
returning webhook_id;

-- name: listed
-- Every webhook, without its secret.
select w.webhook_id, w.timing_partner_id, p.company_name, w.url, w.event_id, w.created_at, w.failures,
       w.next_attempt_at, w.last_delivered_at, w.last_error
from webhooks w join timing_partners p using (timing_partner_id)
where %(timing_partner_id)s::int is null or w.timing_partner_id = %(timing_partner_id)s
order by w.webhook_id;

-- name: remove
-- Nothing more is sent there.
delete from webhooks where webhook_id = %(webhook_id)s;

-- name: secrets
-- What the secrets are sealed as, and for what.
select webhook_id, timing_partner_id, url, secret from webhooks order by webhook_id;

-- name: replace_secret
-- The same secret sealed anew.
update webhooks set secret = %(secret)s where webhook_id = %(webhook_id)s;

-- name: claim
-- Takes one webhook whose turn it is; another process may have it when the lease is over.
update webhooks w set next_attempt_at = now() + %(lease)s::interval
where w.webhook_id = (
    select webhook_id from webhooks where next_attempt_at <= now()
    order by next_attempt_at limit 1 for update skip locked)
returning w.webhook_id, w.timing_partner_id, w.url, w.event_id, w.secret, w.position, w.pending_to, w.pending_id,
          w.failures;

-- name: begin
-- Says what is to be sent, before it is.
update webhooks set pending_to = %(pending_to)s, pending_id = %(pending_id)s where webhook_id = %(webhook_id)s;

-- name: go_on
-- Everything up to a position is delivered, or there was nothing.
update webhooks
set position = %(position)s, pending_to = null, pending_id = null, failures = 0, last_error = %(last_error)s,
    next_attempt_at = now() + %(wait)s::interval,
    last_delivered_at = case when %(is_delivered)s then now() else last_delivered_at end
where webhook_id = %(webhook_id)s;

-- name: fail
-- It was not taken; the same is sent again later.
update webhooks set failures = failures + 1, last_error = %(last_error)s, next_attempt_at = now() + %(wait)s::interval
where webhook_id = %(webhook_id)s;
