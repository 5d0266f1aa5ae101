"""An event's results made again in a transaction that is rolled back, and compared with those that are stored."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from project88.errors import HubError
from project88.listen.scorer import Scorer
from project88.providers.catalogue import provider
from project88.providers.contract import Provider
from project88.replay.archived import merge_again
from project88.store import archive, merging, replaying, scoring
from project88.store.connection import Connection, Database
from project88.store.events import StoredEvent
from project88.store.history import collecting_lock
from project88.store.partners import credentials
from project88.store.replaying import CollectedAs, Prints

#: A login that asks nothing: the archive is read without a service.
NOBODY = "replay"
DIFFERENCES_SHOWN = 20

HARDWARE = "tcp_hardware"


@dataclass(slots=True, kw_only=True)
class ReplayedSource:
    """``problem`` says why the rows of a source were not made again; they then stand as they are."""

    data_source: str
    readings: int = 0
    rows: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    race_id: str | None
    participant_id: str | None
    bib: str | None
    stored: Mapping[str, Any] | None
    rebuilt: Mapping[str, Any] | None


@dataclass(slots=True, kw_only=True)
class Replayed:
    event_id: str
    timing_partner_id: int
    sources: list[ReplayedSource] = field(default_factory=list)
    results: int = 0
    stored_fingerprint: str = ""
    rebuilt_fingerprint: str = ""
    rows_that_differ: int = 0
    #: The first of them.
    differences: list[Difference] = field(default_factory=list)

    @property
    def is_proved(self) -> bool:
        """All that is shown was made again, and it is the same."""
        return (
            bool(self.sources)
            and all(each.problem is None for each in self.sources)
            and self.stored_fingerprint == self.rebuilt_fingerprint
        )


async def replay(db: Database, event: StoredEvent) -> Replayed:
    """Nothing of it stays. Raises HubError while the event is being collected."""
    found = Replayed(event_id=event.event_id, timing_partner_id=event.timing_partner_id)
    sources = await replaying.collected_as(db, event)
    async with db.dedicated() as connection, AsyncExitStack() as locks:
        for each in sources[:1]:
            if not await locks.enter_async_context(collecting_lock(connection, each.scope.source, event.event_id)):
                raise HubError("the event is being collected now: try again when that has ended")
        await scoring.prepare_stages(connection)
        async with connection.transaction(force_rollback=True):
            stored = await replaying.prints(connection, event)
            for each in sources:
                found.sources.append(await _collected_again(db, connection, each))
            found.sources += await _scored_again(db, connection, event)
            await replaying.finish_joins(connection)
            rebuilt = await replaying.prints(connection, event)
            keys = sorted(key for key in stored.keys() | rebuilt.keys() if stored.get(key) != rebuilt.get(key))
            shown = await replaying.contents(connection, event, keys[:DIFFERENCES_SHOWN])
        before = await replaying.contents(connection, event, keys[:DIFFERENCES_SHOWN])
    found.results = len(stored)
    found.stored_fingerprint, found.rebuilt_fingerprint = _fingerprint(stored), _fingerprint(rebuilt)
    found.rows_that_differ = len(keys)
    found.differences = [_difference(key, before.get(key), shown.get(key)) for key in keys[:DIFFERENCES_SHOWN]]
    return found


async def _collected_again(db: Database, connection: Connection, collected: CollectedAs) -> ReplayedSource:
    scope = collected.scope
    found = ReplayedSource(data_source=scope.source.data_source)
    readings = await archive.readings(connection, scope)
    if not readings:
        if collected.rows:
            found.problem = "it was collected before the archive was kept: the next sync that reads all begins it"
        return found
    opened = await _provider(db, collected)
    await merging.begin_merge(connection, scope, "replay")
    stamps = await replaying.stamps(connection, scope)
    await replaying.put_concluded_aside(connection, scope)
    await replaying.remove_rows(connection, scope)
    decided_until: datetime | None = None
    for reading in readings:
        await replaying.apply_decided(connection, scope, decided_until, reading.read_at)
        found.rows += await merge_again(connection, scope, opened, reading)
        found.readings += 1
        decided_until = reading.read_at
    await replaying.apply_decided(connection, scope, decided_until, None)
    await replaying.restore_stamps(connection, scope, stamps)
    await replaying.conclude_again(connection)
    await merging.follow_entries(connection, scope)
    return found


async def _provider(db: Database, collected: CollectedAs) -> Provider:
    """As the account is set up; only how it reads counts, so it has no login."""
    source = collected.scope.source
    found = await credentials(db, source.timing_partner_id, source.data_source)
    configs = [each.additional_config for each in found if each.account_name == source.account_name]
    return provider(source.data_source, NOBODY, NOBODY, configs[0] if configs else {})


async def _scored_again(db: Database, connection: Connection, event: StoredEvent) -> list[ReplayedSource]:
    """The results of reads. A scoring that runs beside waits for the rows meanwhile."""
    scope = await scoring.hardware_scope(db, event)
    reads = await replaying.reads(connection, event)
    if event.data_source != HARDWARE or not reads:
        rows = await replaying.other_rows(connection, event)
        return [ReplayedSource(data_source=name, problem="there is nothing to make its rows from") for name in rows]
    found = ReplayedSource(data_source=HARDWARE, readings=1, rows=reads)
    [scored] = await scoring.scored_events(db, event.event_id, event.timing_partner_id)
    await replaying.remove_results(connection, scope)
    await Scorer(db).score_anew(connection, scored)
    found.problem = await replaying.scoring_problem(connection, event)
    return [found]


def _fingerprint(prints: Prints) -> str:
    """SHA-256 over the rows of the event in unified_results, in the order of race and participant."""
    together = sha256()
    for key in sorted(prints):
        together.update(prints[key])
    return together.hexdigest()


def _difference(
    key: tuple[str, str], stored: Mapping[str, Any] | None, rebuilt: Mapping[str, Any] | None
) -> Difference:
    """Only the fields that differ, where both have the row."""
    bib = (stored or rebuilt or {}).get("bib_number")
    if stored is not None and rebuilt is not None:
        names = [name for name in stored if stored[name] != rebuilt.get(name)]
        stored, rebuilt = {name: stored[name] for name in names}, {name: rebuilt.get(name) for name in names}
    return Difference(race_id=key[0] or None, participant_id=key[1] or None, bib=bib, stored=stored, rebuilt=rebuilt)
