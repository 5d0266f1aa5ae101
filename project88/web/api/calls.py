"""One call of the API: who calls, what they may see, and what is found for them. Knows no endpoint."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

import msgspec

from project88.store import api_reading
from project88.store.api_reading import Row
from project88.store.api_tokens import ApiToken
from project88.store.connection import Database
from project88.web.api.parameters import OneEvent
from project88.web.api.problems import Refused
from project88.web.monitoring import Monitoring

NO_EVENT = "No event stands at this address. It may have been withdrawn."


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An answer. ``version`` is a word that differs whenever the answer may differ; None: the answer says it itself."""

    answer: msgspec.Struct
    version: str | None = None
    changed_at: datetime | None = None


class Lookups:
    """Events that are being looked up now: whoever asks for the same one meanwhile gets the same answer."""

    def __init__(self) -> None:
        self._under_way: dict[tuple[int, str], asyncio.Task[Row | None]] = {}

    async def event(self, db: Database, timing_partner_id: int, event_id: str) -> Row | None:
        """None where there is no such event. ``db`` shows this partner's rows."""
        key = (timing_partner_id, event_id)
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(api_reading.event(db, timing_partner_id, event_id))
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        # One that goes away takes the answer from nobody else.
        return await asyncio.shield(task)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """``pages`` is limited by row-level security; ``hub`` is not, and only what is no partner's row is asked there."""

    pages: Database
    hub: Database
    lookups: Lookups
    monitoring: Monitoring
    token: ApiToken | None
    #: The version that the caller has already.
    known: frozenset[str]

    @property
    def listed(self) -> Database:
        """For lists: with a token the partner's own rows, else those of every partner."""
        return self.pages.of_partners([self.token.timing_partner_id]) if self.token else self.pages.of_all_partners()

    def of(self, asked: OneEvent) -> Database:
        """For one event, of whom the address names; with a token never of another partner."""
        partner = self.token.timing_partner_id if self.token else asked.timing_partner_id
        return self.pages.of_partners([partner])

    @property
    def own(self) -> ApiToken:
        """Raises Refused where the caller showed no token."""
        if self.token is None:
            raise Refused("token-needed", "Send Authorization: Bearer with a token of your timing company.")
        return self.token

    async def event(self, asked: OneEvent) -> Row:
        """Raises Refused where there is no such event, or where it is not for this caller."""
        is_foreign = self.token is not None and self.token.timing_partner_id != asked.timing_partner_id
        if is_foreign:
            raise Refused("not-found", NO_EVENT)
        row = await self.lookups.event(self.of(asked), asked.timing_partner_id, asked.event_id)
        if row is None:
            raise Refused("not-found", NO_EVENT)
        return row
