"""Displays: made, listed and ended by an operator; found by their secret and filled by the pages. Renders nothing.

A display is bound to one event, and to one timing session where it names one: every question here carries both.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Literal

from project88.errors import UsageError
from project88.store.connection import Database
from project88.store.queries import load
from project88.store.results_page import EventKey, found_rows, shown_rows, shown_rows_of
from project88.store.shown_once import secret_hash

#: 192 bits; whoever guesses a million a second for a million years has no chance.
SECRET_BYTES = 24
LONGEST_SECRET = 64

queries = load("displays")

Kind = Literal["announcer", "wall"]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """What a display shows. None: of every session, of every race."""

    key: EventKey
    kind: Kind
    timing_session_id: int | None
    race_id: str | None

    def parameters(self, limit: int) -> dict[str, Any]:
        bounds = {"timing_session_id": self.timing_session_id, "race_id": self.race_id, "limit": limit}
        return {**self.key.parameters(), **bounds}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted(Display):
    """A display that shall be made."""

    created_by: str
    lifetime: timedelta


async def create(db: Database, wanted: Wanted) -> tuple[str, Row]:
    """The secret, which is said only now, and the row. Raises UsageError where the session is of another event."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    parameters = {**asdict(wanted), **wanted.key.parameters(), "token_hash": secret_hash(secret)}
    parameters.pop("key")
    await require_session(db, wanted)
    row = await db.row(queries["create"], parameters)
    assert row is not None
    return secret, row


async def require_session(db: Database, display: Display) -> None:
    """Raises UsageError where the display's session is of another event."""
    number = display.timing_session_id
    if number is not None and not await db.value(queries["session_of_event"], display.parameters(0)):
        raise UsageError(
            f"timing session {number} is not bound to event {display.key.event_id}; see: project88 timing sessions"
        )


async def listed(db: Database, timing_partner_id: int | None) -> list[Row]:
    return await db.rows(queries["listed"], {"timing_partner_id": timing_partner_id})


async def open_hashes(db: Database, timing_partner_id: int | None) -> dict[int, bytes]:
    """Of the displays that may be shown, by their numbers: what tells who follows which."""
    found = await db.rows(queries["open_hashes"], {"timing_partner_id": timing_partner_id})
    return {row["display_id"]: row["token_hash"] for row in found}


async def revoke(db: Database, display_id: int, timing_partner_id: int | None = None) -> bool:
    """Whether it was open until now. Raises UsageError where there is no such display."""
    parameters = {"display_id": display_id, "timing_partner_id": timing_partner_id}
    if not await db.value(queries["is_known"], parameters):
        raise UsageError(f"there is no display {display_id}; see: project88 display list")
    return await db.execute(queries["revoke"], parameters) > 0


async def shown(db: Database, secret: str) -> Display | None:
    """None for a secret that opens nothing, whether it never did, ended or was revoked."""
    if not secret.isascii() or len(secret) > LONGEST_SECRET:
        return None
    row = await db.row(queries["shown"], {"token_hash": secret_hash(secret)})
    if row is None:
        return None
    key = EventKey(row.pop("timing_partner_id"), row.pop("event_id"))
    return Display(key=key, **row)


async def still_shown(db: Database, token_hashes: Collection[bytes]) -> set[bytes]:
    found = await db.rows(queries["still_shown"], {"token_hashes": list(token_hashes)})
    return {row["token_hash"] for row in found}


async def note_seen(db: Database, token_hashes: Collection[bytes]) -> int:
    """How many of the displays were noted; the others had been within the last minute, or have ended."""
    return int(await db.value(queries["note_seen"], {"token_hashes": list(token_hashes)}))


async def approaching(db: Database, display: Display, limit: int) -> list[Row]:
    """Which runners, with point, passed_at and expected_at (None: nobody has finished yet). Reads the whole race."""
    return await found_rows(db, display.key, queries["approaching"], display.parameters(limit))


async def still_approaching(db: Database, display: Display, found: Sequence[Row]) -> list[Row]:
    """Full rows of those whom ``approaching`` told a while ago and who are still on the way."""
    rows = await shown_rows_of(db, display.key, found)
    return [row for row in rows if row["result_status"] == "started"]


async def just_finished(db: Database, display: Display, limit: int) -> list[Row]:
    parameters = {**display.parameters(limit), "by_place": False}
    return await shown_rows(db, display.key, queries["finishers"], parameters)


async def leaders(db: Database, display: Display, race_id: str, limit: int) -> list[Row]:
    parameters = {**display.parameters(limit), "race_id": race_id, "by_place": True}
    return await shown_rows(db, display.key, queries["finishers"], parameters)
