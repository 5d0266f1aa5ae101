"""``project88 budget``: what each credential may call, what it used, and what holds it back. Calls no service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
import typer

from project88.cli.common import hub_database, print_json, print_table, run, second_text
from project88.cli.named import partner_named
from project88.cli.options import AnyPartnerId, AsJson

if TYPE_CHECKING:
    from project88.store.budget import Standing
    from project88.store.partners import Credential

ACCOUNT = "account"
COLUMNS = (
    "partner",
    "name",
    "provider",
    ACCOUNT,
    "allowed",
    "used",
    "left",
    "highest",
    "highest from",
    "today",
    "paused until",
    "left alone until",
    "because",
)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One credential's line. Calls are counted per 60 s; ``allowed`` is null where its settings cannot be read.

    The main account of a partner with a provider has no name.
    """

    timing_partner_id: int
    company_name: str
    provider: str
    account: str
    allowed: float | None
    used: int
    left: float | None
    highest: int
    highest_from: datetime | None
    calls_today: int
    paused_until: datetime | None
    pause_reason: str | None
    left_alone_until: datetime | None
    left_alone_reason: str | None


def budget(timing_partner_id: AnyPartnerId = None, json: AsJson = False) -> None:
    """Show the call budget of each credential: calls allowed, used and left in 60 s, and what holds it back.

    The highest 60 s of the last day are an upper bound: no minute held more calls. A credential is paused when the
    service asks for it, and left alone while the service is down or refuses the login; then one poll tries again.
    Times are UTC.

    Example: project88 budget --timing-partner-id 1
    """
    run(_budget(timing_partner_id, json))


async def _budget(timing_partner_id: int | None, as_json: bool) -> None:
    from project88.store.budget import standings
    from project88.store.partners import credentials

    partner = partner_named(timing_partner_id)
    async with hub_database() as db:
        stored = await credentials(db, partner)
        logins = {(each.timing_partner_id, each.provider_key, each.account_name): each for each in stored}
        found = [
            line(each, logins.get((each.timing_partner_id, each.provider_key, each.account_name)))
            for each in await standings(db, partner)
        ]
    if as_json:
        print_json(found)
    elif found:
        _print(found)
    else:
        typer.echo("no login is stored: run project88 credentials set")


def line(standing: Standing, credential: Credential | None) -> Line:
    from project88.sync.accounts import allowed_calls

    allowed = None if credential is None else allowed_calls(credential)
    return Line(
        timing_partner_id=standing.timing_partner_id,
        company_name=standing.company_name,
        provider=standing.provider_key,
        account=standing.account_name,
        allowed=allowed,
        used=standing.used_last_minute,
        left=None if allowed is None else max(0, allowed - standing.used_last_minute),
        highest=standing.highest_calls,
        highest_from=standing.highest_begins_at,
        calls_today=standing.calls_today,
        paused_until=standing.paused_until,
        pause_reason=standing.pause_reason,
        left_alone_until=standing.left_alone_until,
        left_alone_reason=standing.left_alone_reason,
    )


def _print(found: Sequence[Line]) -> None:
    """A partner has mostly one account with a provider; its name is shown where one has a name."""
    has_names = any(each.account for each in found)
    columns = [name for name in COLUMNS if has_names or name != ACCOUNT]
    rows = [dict(zip(COLUMNS, _cells(each), strict=True)) for each in found]
    print_table(columns, [[row[name] for name in columns] for row in rows])


def _cells(found: Line) -> tuple[object, ...]:
    return (
        found.timing_partner_id,
        found.company_name,
        found.provider,
        found.account,
        _number(found.allowed),
        found.used,
        _number(found.left),
        found.highest,
        second_text(found.highest_from),
        found.calls_today,
        second_text(found.paused_until),
        second_text(found.left_alone_until),
        "; ".join(reason for reason in (found.pause_reason, found.left_alone_reason) if reason),
    )


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.12g}"
