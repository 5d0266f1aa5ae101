"""The webhooks of timing partners, and how far each is behind the feed. Sends nothing; secrets stay sealed here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from project88.errors import UsageError
from project88.store.connection import Connection, Database
from project88.store.queries import load

queries = load("webhooks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One whose turn it is. ``pending_to`` and ``pending_id`` are those of a delivery that was not taken yet."""

    webhook_id: int
    timing_partner_id: int
    url: str = field(repr=False)
    event_id: str | None
    #: Sealed.
    secret: str = field(repr=False)
    position: str
    pending_to: str | None
    pending_id: UUID | None
    failures: int


async def add(
    db: Database, timing_partner_id: int, url: str, event_id: str | None, sealed_secret: str, position: str
) -> int:
    """Raises UsageError where there is no such timing partner or where it has this address already."""
    parameters = {
        "timing_partner_id": timing_partner_id,
        "url": url,
        "event_id": event_id,
        "secret": sealed_secret,
        "position": position,
    }
    number = await db.value(queries["add"], parameters)
    if number is None:
        raise UsageError(
            f"timing partner {timing_partner_id} does not exist or has a webhook of this address: see project88 "
            "partner list and project88 webhook list"
        )
    return int(number)


async def listed(db: Database, timing_partner_id: int | None) -> list[dict[str, Any]]:
    return await db.rows(queries["listed"], {"timing_partner_id": timing_partner_id})


async def remove(db: Database, webhook_id: int) -> None:
    """Raises UsageError where there is no such webhook."""
    if await db.execute(queries["remove"], {"webhook_id": webhook_id}) != 1:
        raise UsageError(f"webhook {webhook_id} does not exist: see project88 webhook list")


def context(timing_partner_id: int, url: str) -> str:
    """What the secret of a webhook is sealed for."""
    return f"webhooks|{timing_partner_id}|{url}"


async def secrets(connection: Connection) -> list[dict[str, Any]]:
    """``secret``, which is sealed, with the webhook, the partner and the address that it is of."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries["secrets"])
        return await cursor.fetchall()


async def replace_secret(connection: Connection, webhook_id: int, secret: str) -> None:
    """The same secret, sealed with another key."""
    await connection.execute(queries["replace_secret"], {"webhook_id": webhook_id, "secret": secret})


async def claim(db: Database, lease: timedelta) -> Webhook | None:
    """One whose turn it is, for nobody else until the lease is over; None where it is nobody's turn."""
    row = await db.row(queries["claim"], {"lease": lease})
    return Webhook(**row) if row else None


async def begin(db: Database, webhook_id: int, pending_to: str, pending_id: UUID) -> None:
    parameters = {"webhook_id": webhook_id, "pending_to": pending_to, "pending_id": pending_id}
    await db.execute(queries["begin"], parameters)


async def go_on(
    db: Database,
    webhook_id: int,
    position: str,
    wait: timedelta,
    *,
    is_delivered: bool,
    last_error: str | None = None,
) -> None:
    parameters = {
        "webhook_id": webhook_id,
        "position": position,
        "wait": wait,
        "is_delivered": is_delivered,
        "last_error": last_error,
    }
    await db.execute(queries["go_on"], parameters)


async def fail(db: Database, webhook_id: int, last_error: str, wait: timedelta) -> None:
    await db.execute(queries["fail"], {"webhook_id": webhook_id, "last_error": last_error, "wait": wait})
