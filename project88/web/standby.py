"""Looks at the standby again and again and says where reads go. Reads nothing that a page shows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from project88.edges.clock import monotonic, sleep
from project88.edges.redaction import redacted
from project88.errors import HubError
from project88.store import replica
from project88.store.connection import Database
from project88.store.reads import Reads, Route, Why, within
from project88.store.replica import Primary, Progress
from project88.store.roles import standing

LOOK_EVERY_SECONDS = 0.5
#: Who does not answer a look for so long is taken for away.
ANSWER_SECONDS = 2.0
#: So long reads wait at most when they go over to the standby.
GO_OVER_SECONDS = 1.0
CATCH_UP_POLL_SECONDS = 0.005

logger = logging.getLogger(__name__)


@asynccontextmanager
async def reads_of(primary: Database, url: str, most_seconds: float) -> AsyncIterator[Reads]:
    """The primary, whose reads go to the standby at ``url`` while its data is at most so old."""
    route = Route(most_seconds)
    watching = asyncio.create_task(_Watch(primary, url, route).run())
    try:
        yield Reads(primary, route)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


class _Watch:
    """One per process."""

    def __init__(self, primary: Database, url: str, route: Route) -> None:
        self._primary = primary
        self._url = url
        self._route = route
        self._told: Why | None = route.state.why

    async def run(self) -> None:
        while True:
            try:
                async with Database.open(self._url, wait_seconds=ANSWER_SECONDS) as standby:
                    await self._follow(standby)
            except (HubError, TimeoutError) as error:
                self._lose(error)
            await sleep(LOOK_EVERY_SECONDS)

    async def _follow(self, standby: Database) -> None:
        """Until the standby does not answer."""
        progress = Progress()
        while True:
            try:
                if await self._may_be_read(standby, progress) and not self._route.is_at_standby:
                    await self._go_over(standby, progress)
            except (HubError, TimeoutError) as error:
                # Before its connections are closed, which takes a while where it is silent.
                self._lose(error)
                return
            self._tell()
            await sleep(LOOK_EVERY_SECONDS)

    async def _may_be_read(self, standby: Database, progress: Progress) -> bool:
        known = await self._primary_now(progress)
        seen = await within(ANSWER_SECONDS, replica.replica_of(standby))
        self._route.found(progress.as_of_seconds(seen.position))
        if known is not None and (seen.position or 0) > known.position:
            # It may have been written in between.
            known = await self._primary_now(progress)
        if known is None:
            # The route leaves a standby of which nothing is known for too long.
            return False
        why_not = replica.why_not(known, seen)
        if why_not is not None:
            self._route.lose("unfit", why_not)
        return why_not is None

    async def _primary_now(self, progress: Progress) -> Primary | None:
        """None where it does not answer."""
        at = monotonic()
        try:
            known = await within(ANSWER_SECONDS, replica.primary_of(self._primary))
        except (HubError, TimeoutError):
            return None
        progress.note(at, known.position)
        return known

    async def _go_over(self, standby: Database, progress: Progress) -> None:
        behind = self._route.behind_seconds
        if behind is None or behind > GO_OVER_SECONDS:
            self._route.leave("behind", "it has not caught up" + ("" if behind is None else f": {behind:.1f} s"))
            return
        found = await within(ANSWER_SECONDS, standing(standby))
        if found.too_much is not None:
            self._route.lose("login", f"its login {found.login} must not be used for pages: {found.too_much}")
            return

        async def catches_up() -> None:
            known = await self._primary_now(progress)
            if known is None:
                raise TimeoutError
            while (replayed := (await replica.replica_of(standby)).position or 0) < known.position:
                await sleep(CATCH_UP_POLL_SECONDS)
            self._route.found(progress.as_of_seconds(replayed))

        if not await self._route.go_over(standby, catches_up, GO_OVER_SECONDS):
            self._route.leave("behind", f"it did not catch up within {GO_OVER_SECONDS:g} s")

    def _lose(self, error: Exception) -> None:
        self._route.lose("away", redacted(str(error)))
        self._tell()

    def _tell(self) -> None:
        """One line for each change."""
        state = self._route.state
        if state.why == self._told:
            return
        self._told = state.why
        if state.why is None:
            logger.info("reads go to the standby", extra={"action": "standby_reads"})
        else:
            logger.warning("reads go to the primary; the standby: %s", state.text, extra={"action": "primary_reads"})
