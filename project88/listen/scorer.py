"""Keeps the results of bound events true to their reads, entries, courses and decisions. Judges no read itself.

Who finished is written at once, with the own places. Runners who passed a split follow in portions, and places that
others moved in portions that never take more than a fifth of the time: between any two of them new reads are scored.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

from project88.edges import clock
from project88.errors import BadValue, HubError
from project88.listen.score_rows import (
    decisions_of,
    score_rows,
    split_kinds,
    starter_of,
)
from project88.listen.scored import Scored, closed_races, misplaced_entries, moves_places, other_entries
from project88.records.entities import EventId, TimingPartnerId
from project88.schedule.service import stopped_within
from project88.scoring.course import read_course
from project88.scoring.event import Changes, EventScore
from project88.scoring.facts import Decisions, Judgement, Score
from project88.store import scoring as store
from project88.store import statistics
from project88.store.connection import Connection, Database
from project88.store.timing import READS_CHANNEL

log = logging.getLogger(__name__)

#: Reads that come close together are scored together: a step begins so long after the last one at the soonest.
GATHER_SECONDS = 0.1
#: So often it is looked whether anything but reads has changed.
LOOK_SECONDS = 2.0
#: Runners of one step. Only those who finished, or have no result any more, are written however many they are.
RUNNERS_AT_ONCE = 200
PLACES_SECONDS = 1.0
SHARE_FOR_PLACES = 0.2
#: A new read waits for one portion at most.
PLACES_AT_ONCE = 250


class Scorer:
    """Scores the events that no other program scores. Raises StoreError when the database fails."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._scored: dict[tuple[TimingPartnerId, EventId], Scored] = {}
        self._problems: dict[tuple[TimingPartnerId, EventId], str] = {}

    async def run(self, stop: asyncio.Event) -> None:
        async with AsyncExitStack() as stack:
            told = await stack.enter_async_context(self._db.notices(READS_CHANNEL))
            connection = await stack.enter_async_context(self._db.listening())
            await store.prepare_stages(connection)
            self._scored.clear()
            looked_at = float("-inf")
            while not stop.is_set():
                told.clear()
                began = clock.monotonic()
                if began - looked_at >= LOOK_SECONDS:
                    looked_at = began
                    await self.look(connection)
                await self.score_new(connection)
                if told.is_set() or not self._is_behind():
                    await stopped_within(stop, max(0.0, began + GATHER_SECONDS - clock.monotonic()))
                await _until(told, self._patience_seconds())
            for scored in self._scored.values():
                await self._write_all(connection, scored)

    async def look(self, connection: Connection) -> None:
        """Score anew the events of which anything but the reads has changed; forget those that are over.

        Hours of reads may have come at once: the planner's statistics follow them.
        """
        await statistics.refresh(self._db)
        events = await store.scored_events(self._db)
        await self._forget_all_but(connection, events)
        for event in events:
            key = (event.timing_partner_id, event.event_id)
            known = self._scored.get(key)
            if known is None and not await store.take_event(connection, event):
                continue
            if known is None or not await self._follow(connection, known, event):
                await self.score_anew(connection, event)

    async def _follow(self, connection: Connection, scored: Scored, event: store.ScoredEvent) -> bool:
        """Take over what changed of start list and decisions. False where everybody is to be scored anew."""
        if scored.event.stamp != event.stamp or scored.closed != closed_races(scored, event):
            return False
        was = scored.event
        if was.start_list != event.start_list and not await self._enter(connection, scored, event):
            return False
        if was.decided != event.decided:
            scored.event = event
            changes = scored.score.decide(decisions_of(await store.decisions(self._db, event)))
            scored.wait(changes.scores)
            await self._write_changes(connection, scored, changes)
        return True

    async def _enter(self, connection: Connection, scored: Scored, event: store.ScoredEvent) -> bool:
        rows = await store.entries(self._db, event)
        starters = {row["entry_id"]: starter_of(row) for row in rows}
        other = other_entries(scored.starters, starters)
        # Sources may use the same id for two entries.
        if other is None or len(starters) < len(rows):
            return False
        # What was decided since is carried out by itself.
        scored.event, scored.starters = replace(event, scoring_id=scored.event.scoring_id), starters
        changes = scored.score.enter(starter.entry for starter in starters.values())
        changes.scores |= {entry_id: scored.score.score(entry_id) for entry_id in other}
        scored.wait(changes.scores)
        await self._write_changes(connection, scored, changes)
        return True

    async def _forget_all_but(self, connection: Connection, events: Sequence[store.ScoredEvent]) -> None:
        kept = {(event.timing_partner_id, event.event_id) for event in events}
        for key in self._scored.keys() - kept:
            await store.leave_event(connection, self._scored.pop(key).event)

    async def score_new(self, connection: Connection) -> None:
        """What has come since, a portion of what waits to be written, and of the places that moved."""
        for scored in self._scored.values():
            up_to = await store.newest_read(connection, scored.event)
            if up_to > scored.read_up_to:
                await self._take(connection, scored, up_to)
            elif scored.unwritten:
                await self._write_changes(connection, scored, Changes())
            is_due = scored.places_moved and not scored.misplaced and clock.monotonic() >= scored.next_places_at
            if is_due:
                scored.places_moved = False
                scored.misplaced = misplaced_entries(scored)
            # A round without places is written too: it notes that the results changed.
            if is_due or scored.misplaced:
                await self._write_places(connection, scored)

    async def score_anew(self, connection: Connection, event: store.ScoredEvent) -> None:
        key = (event.timing_partner_id, event.event_id)
        # The stamp is older than all that is read now: what changes meanwhile is seen by the next look.
        event = await store.begin_scoring(self._db, event)
        try:
            scored = await self._prepared(connection, event)
        except HubError as error:
            if not isinstance(error, BadValue):
                raise
            await store.note_problem(connection, event, str(error))
            # It is taken again with the next look, which may find that somebody has mended it.
            await store.leave_event(connection, event)
            if self._problems.get(key) != str(error):
                self._problems[key] = str(error)
                log.error("event %s is not scored: %s", event.event_id, error, extra={"action": "not_scored"})
            return
        began = clock.monotonic()
        changes = scored.score.score_all()
        await self._write(connection, scored, changes.judgements, list(scored.score.scores()), (), is_whole=True)
        self._scored[key] = scored
        log.info("event %s scored in %.1f s: %d runners", event.event_id, clock.monotonic() - began,
                 len(scored.places), extra={"action": "scored"})  # fmt: skip

    async def _prepared(self, connection: Connection, event: store.ScoredEvent) -> Scored:
        """With all reads taken. Raises BadValue for what cannot be scored."""
        found = await store.inputs(self._db, event)
        if not found.courses:
            raise BadValue("it has no course: project88 import course FILE --event EVENT")
        courses = [read_course(each) for each in found.courses]
        starters = [starter_of(row) for row in found.entries]
        entries = [starter.entry for starter in starters]
        scored = Scored(
            event=event,
            courses=courses,
            starters={starter.entry.entry_id: starter for starter in starters},
            score=EventScore(courses, entries, Decisions()),
            closed=frozenset(),
        )
        scored.read_up_to = await store.newest_read(connection, event)
        reads, guns = split_kinds(await store.reads(connection, event, 0, scored.read_up_to))
        # Which races are closed follows from their guns.
        scored.score.load([], guns)
        scored.closed = closed_races(scored, event)
        scored.score = EventScore(courses, entries, decisions_of(found.decisions), scored.closed)
        scored.score.load(reads, guns)
        return scored

    async def _take(self, connection: Connection, scored: Scored, up_to: int) -> None:
        reads, guns = split_kinds(await store.reads(connection, scored.event, scored.read_up_to, up_to))
        changes = scored.score.take(reads, guns)
        scored.wait(changes.scores)
        scored.read_up_to = up_to
        if reads or guns or scored.unwritten:
            await self._write_changes(connection, scored, changes)

    async def _write_changes(self, connection: Connection, scored: Scored, changes: Changes) -> None:
        """All judgements, who is waited for, and of the others those who wait longest."""
        scored.places_moved = scored.places_moved or moves_places(changes)
        entry_ids = scored.next_ones(changes.scores, RUNNERS_AT_ONCE)
        found = {entry_id: scored.score.score(entry_id) for entry_id in entry_ids}
        scores = [score for score in found.values() if score is not None]
        gone = [entry_id for entry_id, score in found.items() if score is None]
        await self._write(connection, scored, changes.judgements, scores, gone, is_whole=False)

    async def _write_all(self, connection: Connection, scored: Scored) -> None:
        while scored.unwritten:
            await self._write_changes(connection, scored, Changes())

    async def _write(
        self,
        connection: Connection,
        scored: Scored,
        judgements: dict[int, Judgement],
        scores: Sequence[Score],
        gone: Sequence[str],
        *,
        is_whole: bool,
    ) -> None:
        places = {score.entry.entry_id: scored.score.places(score) for score in scores}
        await store.write(
            connection,
            scored.event,
            score_rows(scored.starters, scores, places),
            ((number, said.status, said.point) for number, said in judgements.items()),
            gone,
            scored.written_up_to,
            is_whole=is_whole,
            is_all=not scored.unwritten,
        )
        scored.places.update(places)
        for entry_id in gone:
            scored.places.pop(entry_id, None)

    async def _write_places(self, connection: Connection, scored: Scored) -> None:
        """A portion of them, as they are now."""
        began = clock.monotonic()
        portion, scored.misplaced = scored.misplaced[:PLACES_AT_ONCE], scored.misplaced[PLACES_AT_ONCE:]
        scores = [score for entry_id in portion if (score := scored.score.score(entry_id)) is not None]
        places = {score.entry: scored.score.places(score) for score in scores}
        rows = [(entry.entry_id, entry.race_id, *each) for entry, each in places.items()]
        await store.write_places(connection, scored.event, rows)
        scored.places.update({entry.entry_id: each for entry, each in places.items()})
        scored.placing_seconds += clock.monotonic() - began
        if not scored.misplaced:
            rest_seconds = max(PLACES_SECONDS, scored.placing_seconds / SHARE_FOR_PLACES)
            scored.next_places_at = clock.monotonic() + rest_seconds
            scored.placing_seconds = 0.0

    def _is_behind(self) -> bool:
        return any(scored.misplaced or scored.unwritten for scored in self._scored.values())

    def _patience_seconds(self) -> float:
        if self._is_behind():
            return 0.0
        return PLACES_SECONDS if any(scored.places_moved for scored in self._scored.values()) else LOOK_SECONDS


async def score_once(db: Database, event_id: EventId, timing_partner_id: TimingPartnerId) -> bool:
    """Score an event from its first read on, for a command. False where another program scores it."""
    scorer = Scorer(db)
    async with db.listening() as connection:
        await store.prepare_stages(connection)
        for event in await store.scored_events(db, event_id, timing_partner_id):
            if not await store.take_event(connection, event):
                return False
            await scorer.score_anew(connection, event)
    return True


async def _until(told: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await told.wait()
    except TimeoutError:
        return
