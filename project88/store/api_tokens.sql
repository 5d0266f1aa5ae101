-- name: add
-- A token of a timing partner; nothing where there is no such partner.
insert into api_tokens (timing_partner_id, name, token_hash, scopes, expires_at)
select timing_partner_id, %(name)s, %(token_hash)s, %(scopes)s, now() + %(valid_for)s::interval
from timing_partners where timing_partner_id = %(timing_partner_id)s
returning api_token_id;

-- name: listed
-- Every token, without what could open anything.
select t.api_token_id, t.timing_partner_id, p.company_name, t.name, t.scopes, t.created_at, t.expires_at, t.revoked_at,
       t.last_used_at
from api_tokens t join timing_partners p using (timing_partner_id)
where %(timing_partner_id)s::int is null or t.timing_partner_id = %(timing_partner_id)s
order by t.api_token_id;

-- name: revoke
-- Ends a token at once.
update api_tokens set revoked_at = coalesce(revoked_at, now()) where api_token_id = %(api_token_id)s;

-- name: find
-- Whose token this is, where it is valid; its use is noted to the minute.
with found as (
    select t.api_token_id, t.timing_partner_id, t.scopes, t.last_used_at
    from api_tokens t join timing_partners p using (timing_partner_id)
    where t.token_hash = %(token_hash)s and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())
      and p.api_access_enabled
),
noted as (
    update api_tokens t set last_used_at = now() from found
    where t.api_token_id = found.api_token_id
      and (found.last_used_at is null or found.last_used_at < now() - interval '1 minute')
)
select api_token_id, timing_partner_id, scopes from found;
