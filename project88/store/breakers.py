"""Whether a credential's service may be asked: a dead one, or one that refuses the login, is left alone for a while.

Holds no rule: when a breaker opens and for how long stands in database/schema/045_breakers.sql.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from project88.store.connection import Database
from project88.store.queries import load
from project88.store.scope import Source

queries = load("breakers")

CHECK_LOGIN = "check login"
#: A probe that says nothing for so long was killed; the next one may go.
PROBE_SECONDS = 300.0
#: A refused caller asks again so much later where a probe is on its way.
ASK_AGAIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """A breaker's answer. Refused: why, and when asking again makes sense, in the server's real time."""

    admitted: bool
    reason: str | None = None
    until: datetime | None = None


async def admit(db: Database, source: Source) -> Admission:
    """Ask before a poll. Whoever is admitted must report how it ended: by succeeded, failed or login_refused."""
    parameters = {
        **source.parameters(),
        "probe_seconds": PROBE_SECONDS,
        "ask_again_seconds": ASK_AGAIN_SECONDS,
    }
    row = await db.row(queries["admit"], parameters)
    if row is None or row["admitted"]:
        return Admission(admitted=True)
    return Admission(**row)


async def succeeded(db: Database, source: Source) -> None:
    """The service answered; what it answered does not matter here."""
    await db.execute(queries["succeeded"], source.parameters())


async def failed(db: Database, source: Source, reason: str) -> None:
    """The service could not be reached or was broken, also when tried again."""
    await _failed(db, source, "service", reason)


async def login_refused(db: Database, source: Source) -> None:
    """The service refused the login. A change of the credential closes the breaker."""
    await _failed(db, source, "login", CHECK_LOGIN)


async def _failed(db: Database, source: Source, kind: Literal["service", "login"], reason: str) -> None:
    await db.execute(queries["failed"], {**source.parameters(), "kind": kind, "reason": reason})
