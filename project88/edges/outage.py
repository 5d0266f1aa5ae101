"""A file that remembers an outage of the database, when the database cannot. Tells nobody."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from project88.edges import environment

NAME = "database-outage.json"


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """When it was first seen, and when somebody was last told (UTC); None: nobody yet."""

    since: datetime
    told_at: datetime | None = None


def remembered() -> Outage | None:
    """None where there is none, or where it cannot be read."""
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(_path().read_bytes(), type=Outage)
    return None


def remember(outage: Outage) -> None:
    """A home that cannot be written is no reason to tell nobody; then every look tells."""
    with suppress(OSError):
        _path().write_bytes(msgspec.json.encode(outage))


def forget() -> None:
    with suppress(OSError):
        _path().unlink(missing_ok=True)


def _path() -> Path:
    return environment.home() / NAME
