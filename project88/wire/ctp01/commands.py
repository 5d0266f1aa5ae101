"""The scoring side's commands and the answers to them, as lines. No sockets, no clock, no SQL."""

from __future__ import annotations

from typing import Literal

from project88.wire.ctp01.events import Acknowledged, Asked, Refused

SEPARATOR = "~"
END = "\r\n"
Name = Literal["geteventinfo", "ping", "getlocations", "getconnectionid", "start", "stop", "getdata"]
#: Each with how many fields it needs and may have.
COMMANDS: dict[str, tuple[int, int]] = {
    "geteventinfo": (0, 0),
    "ping": (0, 0),
    "getlocations": (0, 0),
    "getconnectionid": (0, 0),
    "start": (0, 2),
    "stop": (0, 1),
    "getdata": (1, 3),
}
UNKNOWN = "unknown command"


def line(*fields: str) -> str:
    """Raises ValueError for a field that would end the line or begin another field."""
    if any(character in field for field in fields for character in "~\r\n\0"):
        raise ValueError("a field holds a character that separates fields or lines")
    return SEPARATOR.join(fields) + END


def start(location: str | None = None, sequence: int | None = None) -> str:
    """Of all locations that are known at that moment, or of one, from a sequence number on."""
    return line("start", *_place(location, sequence))


def stop(location: str | None = None) -> str:
    return line("stop", *_place(location, None))


def getdata(most: int, location: str | None = None, sequence: int | None = None) -> str:
    """At most so many lines, in pull mode."""
    return line("getdata", str(most), *_place(location, sequence))


def read_answer(text: str) -> Acknowledged | Refused | None:
    """``ack~...`` or ``err~...``; None for a line that is neither."""
    word, *fields = text.split(SEPARATOR)
    if word == "ack" and fields:
        return Acknowledged(command=fields[0], fields=tuple(fields[1:]))
    if word == "err":
        return Refused(command=fields[0] if fields else "", message=SEPARATOR.join(fields[1:]))
    return None


def read_command(text: str) -> Asked | None:
    """None for one that the protocol does not have, or with fields that it does not take."""
    word, *fields = text.split(SEPARATOR)
    least, most = COMMANDS.get(word, (1, 0))
    return Asked(command=word, fields=tuple(fields)) if least <= len(fields) <= most else None


def _place(location: str | None, sequence: int | None) -> list[str]:
    if sequence is not None and location is None:
        raise ValueError("a sequence number needs its location")
    return [part for part in (location, None if sequence is None else str(sequence)) if part is not None]
