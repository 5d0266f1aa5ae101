"""A whole event scored, and scored again where something new is known. Pure; no clock, no SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field

from project88.scoring.course import GUN_WITHIN_MS, Course, Gun
from project88.scoring.facts import Decisions, Entry, Judgement, Places, Read, Score
from project88.scoring.ranking import Ranking
from project88.scoring.result import score_of
from project88.scoring.runner import walk

UNKNOWN_BIB = Judgement("unknown_bib")
GUN = Judgement("used", "gun")
NOTHING_SAID: Mapping[int, Judgement] = {}


@dataclass(slots=True)
class Changes:
    """What a step changed: scores by entry, None where the runner has none any more, and judgements by read number."""

    scores: dict[str, Score | None] = field(default_factory=dict)
    judgements: dict[int, Judgement] = field(default_factory=dict)


class EventScore:
    """The reads of an event and what follows. ``closed`` names the races in which nobody can come any more."""

    def __init__(
        self, courses: Iterable[Course], entries: Iterable[Entry], decisions: Decisions, closed: Set[str] = frozenset()
    ) -> None:
        self._courses: Mapping[str, Course] = {course.race_id: course for course in courses}
        self._decisions = decisions
        self._closed = closed
        self._entries: dict[str, Entry] = {}
        self._ambiguous: set[str] = set()
        for entry in entries:
            self._add_entry(entry)
        self._reads: defaultdict[str, list[Read]] = defaultdict(list)
        self._guns: defaultdict[str, set[int]] = defaultdict(set)
        self._gun_reads: list[int] = []
        self._scores: dict[str, Score] = {}
        #: What was last said of each bib's reads.
        self._judged: dict[str, dict[int, Judgement]] = {}
        self._rankings: dict[str, Ranking] = {race_id: Ranking() for race_id in self._courses}
        self._gun_times: dict[tuple[str, str | None], int | None] = {}

    def load(self, reads: Iterable[Read], guns: Iterable[Read]) -> None:
        """Reads that ``score_all`` is to score."""
        for gun in guns:
            self._guns[gun.location].add(gun.at_ms)
            self._gun_reads.append(gun.number)
        for read in reads:
            self._reads[read.tag].append(read)
        self._gun_times.clear()

    def take(self, reads: Iterable[Read], guns: Iterable[Read] = ()) -> Changes:
        """New reads: their runners are scored again, all runners of a race whose gun is another one now."""
        changes = Changes()
        bibs = set()
        for gun in guns:
            self._guns[gun.location].add(gun.at_ms)
            self._gun_reads.append(gun.number)
            changes.judgements[gun.number] = GUN
        for read in reads:
            self._reads[read.tag].append(read)
            bibs.add(read.tag)
        if changes.judgements:
            bibs |= self._of_moved_guns()
        self._score(bibs, changes)
        return changes

    def enter(self, entries: Iterable[Entry]) -> Changes:
        """Another start list: whom it concerns are scored again, and nobody else."""
        before, self._entries, self._ambiguous = self._entries, {}, set()
        for entry in entries:
            self._add_entry(entry)
        changes = Changes()
        concerned = _keys_of_others(before, self._entries)
        # First all of them: two may have changed their bibs.
        for bib in concerned & before.keys():
            self._forget(before[bib].entry_id, changes)
        self._score(concerned, changes)
        return changes

    def decide(self, decisions: Decisions) -> Changes:
        """Other decisions: whom they concern are scored again, and nobody else."""
        before, self._decisions = self._decisions, decisions
        bibs = _keys_of_others(before.statuses, decisions.statuses)
        bibs |= _keys_of_others(before.adjustments_ms, decisions.adjustments_ms)
        ignored = before.ignored_reads ^ decisions.ignored_reads
        if ignored:
            bibs |= {bib for bib, reads in self._reads.items() if any(read.number in ignored for read in reads)}
        changes = Changes()
        self._score(bibs & (self._reads.keys() | self._entries.keys()), changes)
        return changes

    def score_all(self) -> Changes:
        """Everybody, those without a read too."""
        self._judged.clear()
        changes = Changes(judgements=dict.fromkeys(self._gun_reads, GUN))
        self._score(self._reads.keys() | self._entries.keys(), changes)
        return changes

    def places(self, score: Score) -> Places:
        return self._rankings[score.entry.race_id].places(score)

    def score(self, entry_id: str) -> Score | None:
        return self._scores.get(entry_id)

    def scores(self) -> Iterator[Score]:
        return iter(self._scores.values())

    def gun_ms(self, race_id: str, wave: str | None) -> int | None:
        """When a wave of a race started; None while nobody knows."""
        key = (race_id, wave)
        if key not in self._gun_times:
            gun = self._courses[race_id].gun_of(wave)
            self._gun_times[key] = None if gun is None else self._shot(gun)
        return self._gun_times[key]

    def _add_entry(self, entry: Entry) -> None:
        """A bib that two entries have is nobody's: which one ran is not known."""
        if entry.race_id not in self._courses:
            return
        if entry.bib in self._entries or entry.bib in self._ambiguous:
            self._entries.pop(entry.bib, None)
            self._ambiguous.add(entry.bib)
        else:
            self._entries[entry.bib] = entry

    def _of_moved_guns(self) -> set[str]:
        known, self._gun_times = self._gun_times, {}
        moved = {key for key, at_ms in known.items() if self.gun_ms(*key) != at_ms}
        return {bib for bib, entry in self._entries.items() if (entry.race_id, entry.wave) in moved}

    def _score(self, bibs: Iterable[str], changes: Changes) -> None:
        for bib in bibs:
            entry = self._entries.get(bib)
            if entry is None:
                self._judge(bib, dict.fromkeys((read.number for read in self._reads[bib]), UNKNOWN_BIB), changes)
            else:
                self._score_entry(entry, changes)

    def _score_entry(self, entry: Entry, changes: Changes) -> None:
        course = self._courses[entry.race_id]
        gun_ms = self.gun_ms(entry.race_id, entry.wave)
        found = walk(course, gun_ms, self._reads.get(entry.bib, ()), self._decisions.ignored_reads)
        self._judge(entry.bib, found.judgements, changes)
        score = score_of(course, entry, gun_ms, found, self._decisions, entry.race_id in self._closed)
        before = self._scores.get(entry.entry_id)
        if score == before:
            return
        self._forget(entry.entry_id, changes)
        changes.scores[entry.entry_id] = score
        if score is not None:
            self._rankings[entry.race_id].add(score)
            self._scores[entry.entry_id] = score

    def _judge(self, bib: str, found: dict[int, Judgement], changes: Changes) -> None:
        before = self._judged.get(bib, NOTHING_SAID)
        changes.judgements.update((number, said) for number, said in found.items() if before.get(number) != said)
        self._judged[bib] = found

    def _forget(self, entry_id: str, changes: Changes) -> None:
        score = self._scores.pop(entry_id, None)
        if score is not None:
            self._rankings[score.entry.race_id].remove(score)
            changes.scores[entry_id] = None

    def _shot(self, gun: Gun) -> int | None:
        if gun.at is not None:
            return round(gun.at.timestamp() * 1000)
        heard = self._guns.get(gun.location or "", set())
        if gun.near is None:
            return min(heard, default=None)
        near_ms = round(gun.near.timestamp() * 1000)
        close = [at_ms for at_ms in heard if abs(at_ms - near_ms) <= GUN_WITHIN_MS]
        return min(close, key=lambda at_ms: (abs(at_ms - near_ms), at_ms), default=None)


def _keys_of_others(before: Mapping[str, object], now: Mapping[str, object]) -> set[str]:
    return {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
