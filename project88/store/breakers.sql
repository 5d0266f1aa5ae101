-- name: admit
-- The breaker's answer to a poll; no row where there is none. Of several that ask at once one becomes the probe: the
-- others wait for its row and find it taken.
with probe as (
    update credential_breakers
    set probe_until = clock_timestamp() + make_interval(secs => %(probe_seconds)s), changed_at = clock_timestamp()
    where timing_partner_id = %(timing_partner_id)s and provider_id = %(provider_id)s
      and account_name = %(account_name)s
      and open_until <= clock_timestamp() and coalesce(probe_until, '-infinity') <= clock_timestamp()
    returning 1)
select open_until is null or exists (select from probe) as admitted, reason,
       case when open_until > clock_timestamp() then open_until
            else clock_timestamp() + make_interval(secs => %(ask_again_seconds)s) end as until
from credential_breakers
where timing_partner_id = %(timing_partner_id)s and provider_id = %(provider_id)s
  and account_name = %(account_name)s;

-- name: succeeded
-- Closes the breaker and forgets its failures.
delete from credential_breakers
where timing_partner_id = %(timing_partner_id)s and provider_id = %(provider_id)s
  and account_name = %(account_name)s;

-- name: failed
-- Notes a failure; opens the breaker where it is one too many.
select breaker_failed(
    %(timing_partner_id)s::int, %(provider_id)s::int, %(account_name)s::text, %(kind)s::text, %(reason)s::text);
