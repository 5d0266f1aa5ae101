"""One look at the standby from outside the process whose pages read from it. Sends no read anywhere."""

from __future__ import annotations

from project88.edges import clock
from project88.edges.redaction import redacted
from project88.errors import HubError
from project88.store import replica
from project88.store.connection import Database
from project88.store.reads import within

POLL_SECONDS = 0.05
#: A person may wait for the answer.
LONGEST_LOOK_SECONDS = 2.0


class NotReadable(HubError):
    """Pages read from the primary, whatever the address of a standby says."""


async def how_new(primary: Database, conninfo: str, most_seconds: float) -> str:
    """How long the standby took to have what the primary had when this was asked. Raises NotReadable."""
    look_seconds = min(LONGEST_LOOK_SECONDS, most_seconds)
    try:
        return f"which caught up within {await within(look_seconds, _looked_at(primary, conninfo)):.1f} s"
    except TimeoutError:
        if look_seconds < most_seconds:
            return f"which is more than {look_seconds:g} s behind, allowed are {most_seconds:g} s"
        raise NotReadable(f"it did not catch up within {look_seconds:g} s") from None
    except NotReadable:
        raise
    except HubError as error:
        raise NotReadable(redacted(str(error))) from error


async def _looked_at(primary: Database, conninfo: str) -> float:
    async with Database.open(conninfo, pool_size=1) as standby:
        return await _caught_up(primary, standby)


async def _caught_up(primary: Database, standby: Database) -> float:
    began, wanted = clock.monotonic(), await replica.primary_of(primary)
    while True:
        seen = await replica.replica_of(standby)
        why_not = replica.why_not(await replica.primary_of(primary), seen)
        if why_not is not None:
            raise NotReadable(why_not)
        if (seen.position or 0) >= wanted.position:
            return clock.monotonic() - began
        await clock.sleep(POLL_SECONDS)
