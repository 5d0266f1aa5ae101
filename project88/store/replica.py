"""Whether a database is a standby of ours, and how far it is behind. Sends no read anywhere and keeps no connection."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from project88.store.connection import Database
from project88.store.failures import checked_conninfo
from project88.store.queries import load

queries = load("replica")


@dataclass(frozen=True, slots=True, kw_only=True)
class Primary:
    """The database that is written to. ``position``: the bytes of its log that are on disk."""

    position: int
    server: int
    database: str
    timeline: int
    schema: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """What is named as its standby. ``position``: the bytes of the log that it has replayed; None where it is none."""

    is_standby: bool
    position: int | None
    server: int
    database: str
    timeline: int
    schema: str


async def primary_of(db: Database) -> Primary:
    row = await db.row(queries["primary"])
    assert row is not None
    return Primary(**row)


async def replica_of(db: Database) -> Replica:
    row = await db.row(queries["standby"])
    assert row is not None
    return Replica(**row)


def why_not(primary: Primary, replica: Replica) -> str | None:
    """Why no read may go there however new its data is; None where reads may. ``primary`` was asked last."""
    reasons = {
        "it is no standby: it takes writes of its own": not replica.is_standby,
        "it is a standby of another server": replica.server != primary.server,
        f"it is the database {replica.database}, ours is {primary.database}": replica.database != primary.database,
        # Only a standby that follows another server, promoted from ours, has what ours does not have.
        "it has changes that our database does not have": (replica.position or 0) > primary.position
        or replica.timeline > primary.timeline,
        "it has another schema": replica.schema != primary.schema,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


class Progress:
    """How far the primary was at which instant, and so how old the data of a standby is.

    The age of the newest transaction that was replayed is no measure: it grows while nobody writes. A row that is
    written for this would keep an idle primary writing. So the place in the primary's log is noted again and again
    with the time of our own clock. What has been replayed up to such a place is at most as old as the note. Commits are
    seen when the log is on disk, so that place counts; what is only in memory may wait there for long without a commit.
    """

    def __init__(self) -> None:
        self._notes: deque[tuple[float, int]] = deque()

    def note(self, at_seconds: float, position: int) -> None:
        """The primary was at least here at this instant, on a clock that never steps back."""
        self._notes.append((at_seconds, position))

    def as_of_seconds(self, replayed: int | None) -> float | None:
        """The instant whose data is there; None where nothing tells. Older notes are needed no more."""
        if replayed is None or not self._notes or self._notes[0][1] > replayed:
            return None
        while len(self._notes) > 1 and self._notes[1][1] <= replayed:
            self._notes.popleft()
        return self._notes[0][0]


def replica_conninfo(url: str, pages: Database) -> str:
    """The standby's address; one without a user takes that of the pages, whose login is on the standby too.

    Raises ConfigError where the address cannot be read.
    """
    conninfo = checked_conninfo(url)
    if "user" in conninfo_to_dict(conninfo):
        return conninfo
    own = conninfo_to_dict(pages.conninfo)
    return make_conninfo(conninfo, **{name: own[name] for name in ("user", "password") if name in own})
