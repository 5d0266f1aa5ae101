"""What can happen in a CTP01 conversation, as values. No sockets, no clock, no SQL.

Facts are from the vendor's CTP01 revision 8 and CTFF01 revision 2, grade: specified, where nothing else is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTime:
    """``milliseconds`` of wall-clock since the start of the timing day; of a race over midnight more than 24 h."""

    milliseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WallTime:
    """What the timing computer's clock showed. No zone: the location's or the event's must be applied."""

    local: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """``milliseconds`` since 1970-01-01 UTC."""

    milliseconds: int


ReadTime = DayTime | WallTime | Instant
Kind = Literal["read", "guntime", "newlocation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One line of a timing computer. ``tag`` of a read is the chip's code, with ChronoTrack the bib.

    ``sequence`` counts per location. ``reader`` is the reader's id, of a gun time and a new location the controller's.
    Lap and gator are None where they cannot be read: no read is lost for them.
    """

    kind: Kind
    sequence: int
    location: str
    tag: str
    time: ReadTime
    reader: str
    gator: int | None
    lap: int | None
    #: The line as it came, without its end.
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A line that is kept with the reason why it is nothing else; the conversation goes on."""

    raw: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeted:
    """The timing computer's program has said who it is."""

    program: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationAsked:
    """``response`` is the password or a digest, whichever was asked for; it is no part of the repr."""

    user: str
    response: str

    def __repr__(self) -> str:
        return f"AuthorizationAsked(user={self.user!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinged:
    """The other side asked for a sign of life; the answer goes out by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """``ack~command~...``: the fields behind the command."""

    command: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """``err~command~message``. An empty command stands for one that the other side does not know."""

    command: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A command of the scoring side."""

    command: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLong:
    """More came than a line can hold; the connection is of no use any more. ``rest`` is what came."""

    rest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The other side has closed its direction. ``rest`` is a line that it did not finish."""

    rest: str
