"""Entries of an event: which of them to ask for, and those that need a call each. Merges nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import msgspec

from project88.errors import Gone, ProviderError
from project88.providers.contract import Details, EntryList, Provider
from project88.records.entities import Participant, Problem, Removal
from project88.store.connection import Connection
from project88.store.entries import KnownRow, known_listing, last_reading, stage_stored
from project88.store.scope import EventScope
from project88.store.staging import Stage
from project88.sync.accounts import Account
from project88.sync.client import ProviderClient
from project88.sync.collecting import CollectedList, records_by_row
from project88.sync.listing import next_in_turn, to_ask
from project88.sync.raw_rows import RawRows
from project88.sync.reading import ListReader

#: All entries are read again after so long, whatever a list of changes said.
ALL_EVERY = timedelta(days=7)
#: One sync asks for as many entries one by one as the login may make calls in so many minutes.
MINUTES_OF_CALLS = 60

Entries = Sequence[Participant | Removal]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPlan:
    """``since``: only entries that changed from then on; None: all. ``earlier``: the order of the list last time."""

    began: datetime
    since: datetime | None
    earlier: Sequence[str]
    minutes_since: float = 0.0
    refreshed_to: str | None = None


async def plan_entries(
    connection: Connection, provider: Provider, scope: EventScope, changes_suffice: bool
) -> EntryPlan:
    """Changes alone suffice where the last reading is known, not too old, and what it stored is all there."""
    last = await last_reading(connection, scope)
    since = None
    if (
        changes_suffice
        and provider.asks_since is not None
        and last.changes_read_from is not None
        and last.all_read_from is not None
        and last.hub_now - last.all_read_from < ALL_EVERY
        and last.stored_rows == last.shown
    ):
        since = last.changes_read_from - provider.asks_since
    elapsed = last.hub_now - (last.changes_read_from or last.hub_now)
    return EntryPlan(
        began=last.hub_now,
        since=since,
        earlier=last.listing,
        minutes_since=min(elapsed / timedelta(minutes=1), MINUTES_OF_CALLS),
        refreshed_to=last.refreshed_to,
    )


@dataclass(slots=True, kw_only=True)
class ListedEntries:
    """A list whose entries were asked for one by one. ``listing``: its rows in their order."""

    collected: CollectedList
    listing: list[str]
    refreshed_to: str | None


@dataclass(slots=True)
class Listing:
    """The rows of such a list: who is there, with the digest of the row, and who is no more."""

    people: dict[str, Participant] = field(default_factory=dict)
    digests: dict[str, int] = field(default_factory=dict)
    removals: list[Removal] = field(default_factory=list)

    def take(self, given: Sequence[Entries | Problem], digests: Sequence[int]) -> None:
        for records, digest in zip(records_by_row(given), digests, strict=True):
            for record in records:
                if isinstance(record, Removal):
                    self.removals.append(record)
                else:
                    self.people[record.entry_id] = record
                    self.digests[record.entry_id] = _signed(digest)


async def collect_one_by_one(
    account: Account, wanted: EntryList, number: int, stage: Stage, scope: EventScope, plan: EntryPlan
) -> ListedEntries:
    """Read the list, ask for the entries that may have changed, and stage all of them."""
    assert wanted.details is not None
    reader = ListReader(account.client, wanted.rows)
    found = CollectedList(wanted=wanted.rows, number=number, stream="participants", reading=reader.reading)
    found.raw, found.raw_details = RawRows(), RawRows()
    listing = Listing()
    try:
        async for page in reader.pages():
            found.keep(page.rows)
            given = wanted.rows.decode(page.rows)
            found.count(given)
            listing.take(given, wanted.rows.digests(page.rows))
    except ProviderError as error:
        found.error = error
    known = await known_listing(stage.connection, scope)
    asked: list[str] = []
    in_turn: list[str] = []
    if found.error is None:
        asked, in_turn = _chosen(account, wanted.details, listing, known, plan, found)
    details = await _Asking(account.client, wanted.details, found).ask([*asked, *in_turn])
    await stage_listing(stage, scope, number, listing, details, known)
    found.usable_rows = len(listing.people)
    refreshed_to = in_turn[-1] if in_turn else plan.refreshed_to
    return ListedEntries(collected=found, listing=list(listing.digests), refreshed_to=refreshed_to)


def _chosen(
    account: Account,
    details: Details,
    listing: Listing,
    known: Mapping[str, KnownRow],
    plan: EntryPlan,
    found: CollectedList,
) -> tuple[list[str], list[str]]:
    """Whom to ask for because a row says so, and whom because it is their turn."""
    rate = account.provider.limits.calls_per_minute
    digests = {key: row.digest for key, row in known.items()}
    asked = to_ask(listing.digests, digests, plan.earlier, changed_first=details.changed_first)
    at_most = max(1, int(rate * MINUTES_OF_CALLS))
    found.postponed = max(0, len(asked) - at_most)
    left = min(at_most - len(asked), int(rate * plan.minutes_since * details.refresh_share))
    rest = {key: row.lacks_bib for key, row in known.items() if key in listing.digests and key not in asked}
    return asked[:at_most], next_in_turn(rest, plan.refreshed_to, left)


async def stage_listing(
    stage: Stage,
    scope: EventScope,
    number: int,
    listing: Listing,
    details: Mapping[str, Entries],
    known: Mapping[str, KnownRow],
) -> None:
    """Stage what was asked for, else what is stored, else what the row itself says."""
    await stage.add(number, listing.removals)
    await stage.add(number, list(chain.from_iterable(_with_digest(each, listing.digests) for each in details.items())))
    stored = [key for key in listing.people if key not in details and key in known]
    await stage_stored(stage.connection, scope, number, stored)
    rest = (person for key, person in listing.people.items() if key not in details and key not in known)
    await stage.add(number, [msgspec.structs.replace(person, listed_as=person.entry_id) for person in rest])


def _with_digest(told: tuple[str, Entries], digests: Mapping[str, int]) -> Entries:
    key, records = told
    return [
        msgspec.structs.replace(record, listing_digest=digests[key]) if isinstance(record, Participant) else record
        for record in records
    ]


class _Asking:
    """Entries asked for one by one. One that is gone costs only itself; another failure ends the asking."""

    def __init__(self, client: ProviderClient, details: Details, found: CollectedList) -> None:
        self._client = client
        self._details = details
        self._found = found
        self._told: dict[str, Entries] = {}

    async def ask(self, keys: Sequence[str]) -> dict[str, Entries]:
        at_once = max(1, self._client.concurrent_calls)
        for first in range(0, len(keys), at_once):
            part = keys[first : first + at_once]
            answers = await asyncio.gather(*map(self._one, part), return_exceptions=True)
            for key, answer in zip(part, answers, strict=True):
                self._take(key, answer)
            if self._found.error is not None:
                break
        return self._told

    async def _one(self, key: str) -> Sequence[Any]:
        return self._details.read(await self._client.get(self._details.request(key)))

    def _take(self, key: str, answer: Sequence[Any] | BaseException) -> None:
        if isinstance(answer, Gone):
            self._problem(key, f"it is listed and gone: {answer}")
        elif isinstance(answer, ProviderError):
            self._found.error = self._found.error or answer
        elif isinstance(answer, BaseException):
            raise answer
        else:
            self._decode(key, answer)

    def _decode(self, key: str, rows: Sequence[Any]) -> None:
        given = self._details.decode(rows)
        problems = [each for each in given if isinstance(each, Problem)]
        records = list(chain.from_iterable(records_by_row(given)))
        if problems:
            self._found.count(problems)
        elif any(_listed_as(record) != key for record in records):
            self._problem(key, "the service answered with another entry than the one that was asked for")
        else:
            assert self._found.raw_details is not None
            self._found.raw_details.append(rows)
            self._told[key] = records

    def _problem(self, key: str, reason: str) -> None:
        self._found.count([Problem(stream=self._found.wanted.name, reason=reason, raw=key)])


def _listed_as(record: Participant | Removal) -> str | None:
    return record.entry_id if isinstance(record, Removal) else record.listed_as


def _signed(digest: int) -> int:
    """As a bigint of the database."""
    return digest - (1 << 64) if digest >= 1 << 63 else digest
