"""The first page: partners, their logins and budgets, what the monitor found, what waits for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from project88.monitor import Finding
from project88.monitor.findings import Health, worst
from project88.store import operator, plan
from project88.store.budget import Standing, standings
from project88.store.duplicates import pairs
from project88.store.partners import credentials, partners
from project88.store.retractions import retractions
from project88.store.timing import sessions
from project88.sync.accounts import allowed_calls
from project88.web.operator.asked import Asked, Page

ROWS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """``allowed`` calls in 60 s; None where the settings of the login cannot be read."""

    standing: Standing
    allowed: float | None

    @property
    def state(self) -> str:
        if self.standing.left_alone_until is not None:
            return "left alone"
        return "paused" if self.standing.paused_until is not None else "ready"

    @property
    def why(self) -> str:
        return "; ".join(each for each in (self.standing.pause_reason, self.standing.left_alone_reason) if each)


async def overview(asked: Asked) -> Page:
    logins = await _logins(asked)
    findings = await _findings(asked, logins)
    waiting = await pairs(asked.reads, asked.partner)
    values = {
        "partners": [row for row in await partners(asked.db) if asked.partner in (None, row["timing_partner_id"])],
        "logins": logins,
        "status": worst(findings).name,
        "findings": sorted((each for each in findings if each.cause), key=lambda each: -each.health),
        "checks": len({each.check for each in findings}),
        "pairs": [pair for pair in waiting if pair.decision == "review"],
        "pairs_by_rule": sorted(Counter(pair.decision for pair in waiting if pair.decision != "review").items()),
        "retractions": await retractions(asked.reads, asked.partner),
        "parked": await plan.listed(asked.reads, timing_partner_id=asked.partner, states=["parked"], at_most=ROWS),
        "quarantined": await operator.quarantined(asked.reads, asked.partner, ROWS),
        "unbound": [row for row in await sessions(asked.reads, asked.partner) if row["event_id"] is None],
    }
    return Page(template="operator/overview.html", here="overview", values=values, is_live=True)


async def _logins(asked: Asked) -> list[Login]:
    stored = await credentials(asked.db, asked.partner)
    by_key = {(each.timing_partner_id, each.provider_key, each.account_name): each for each in stored}
    found = []
    for each in await standings(asked.db, asked.partner):
        login = by_key.get((each.timing_partner_id, each.provider_key, each.account_name))
        found.append(Login(standing=each, allowed=None if login is None else allowed_calls(login)))
    return found


async def _findings(asked: Asked, logins: Sequence[Login]) -> list[Finding]:
    """An admin sees all; others what the monitor says of their partner and its logins, by the names it gives them."""
    found = await asked.look()
    if asked.partner is None:
        return found
    own = {await operator.partner_name(asked.reads, asked.partner)}
    for each in logins:
        of_login = f"{each.standing.company_name}, {each.standing.provider_key}"
        own |= {of_login, f"{of_login}, {each.standing.account_name}"}
    return [each for each in found if each.who in own and each.health is not Health.healthy]
