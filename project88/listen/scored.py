"""One event as it was last scored, and what of it is otherwise by now. Writes nothing and asks no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from project88.listen.score_rows import EPOCH, MILLISECOND, Starter
from project88.scoring.course import Course
from project88.scoring.event import Changes, EventScore
from project88.scoring.facts import Places
from project88.store import scoring as store

#: Of a start list that changed more than this everybody is scored anew.
ENTRIES_AT_ONCE = 1_000


@dataclass(slots=True)
class Scored:
    """One event as it was last scored. ``places`` are those that are written; ``misplaced`` entries have others by now.

    ``unwritten`` are entries whose result is another one than the written one, by the read up to which that was scored,
    in that order. ``placing_seconds``: what the portions of this round took so far.
    """

    event: store.ScoredEvent
    courses: Sequence[Course]
    starters: dict[str, Starter]
    score: EventScore
    closed: frozenset[str]
    read_up_to: int = 0
    places: dict[str, Places] = field(default_factory=dict)
    places_moved: bool = False
    misplaced: list[str] = field(default_factory=list)
    placing_seconds: float = 0.0
    next_places_at: float = 0.0
    unwritten: dict[str, int] = field(default_factory=dict)

    @property
    def written_up_to(self) -> int:
        return next(iter(self.unwritten.values()), self.read_up_to)

    def wait(self, entry_ids: Iterable[str]) -> None:
        """Let them be written. They have been scored with reads behind ``read_up_to``."""
        for entry_id in entry_ids:
            self.unwritten.setdefault(entry_id, self.read_up_to)

    def next_ones(self, entry_ids: Iterable[str], most: int) -> list[str]:
        """Takes the next to be written: of these who is waited for, and up to ``most`` of those who wait longest."""
        first = [entry_id for entry_id in entry_ids if self._is_waited_for(entry_id)]
        for entry_id in first:
            del self.unwritten[entry_id]
        others = list(islice(self.unwritten, max(0, most - len(first))))
        for entry_id in others:
            del self.unwritten[entry_id]
        return [*first, *others]

    def _is_waited_for(self, entry_id: str) -> bool:
        """Who finished, and who has no result any more."""
        score = self.score.score(entry_id)
        return score is None or score.finish_ms is not None


def closed_races(scored: Scored, event: store.ScoredEvent) -> frozenset[str]:
    """The races whose window has ended by the hub's clock, whatever the wave."""
    now_ms = (event.hub_now - EPOCH) // MILLISECOND
    closed = set()
    for course in scored.courses:
        guns = [scored.score.gun_ms(course.race_id, wave) for wave in (None, *course.waves)]
        last_ms = max((gun for gun in guns if gun is not None), default=None)
        if (
            course.closes_seconds is not None
            and last_ms is not None
            and now_ms > last_ms + course.closes_seconds * 1000
        ):
            closed.add(course.race_id)
    return frozenset(closed)


def other_entries(before: Mapping[str, Starter], now: Mapping[str, Starter]) -> set[str] | None:
    """Entries that are new, gone or others. None for very many, and where one changed its race and so its row."""
    others = {entry_id for entry_id in before.keys() | now.keys() if before.get(entry_id) != now.get(entry_id)}
    races_differ = any(
        before[entry_id].entry.race_id != now[entry_id].entry.race_id
        for entry_id in others & before.keys() & now.keys()
    )
    return None if races_differ or len(others) > ENTRIES_AT_ONCE else others


def misplaced_entries(scored: Scored) -> list[str]:
    return [score.entry.entry_id for score in scored.score.scores()
            if scored.places.get(score.entry.entry_id) != scored.score.places(score)]  # fmt: skip


def moves_places(changes: Changes) -> bool:
    return any(score is None or score.rank_ms is not None or score.status in ("dq", "dnf")
               for score in changes.scores.values())  # fmt: skip
