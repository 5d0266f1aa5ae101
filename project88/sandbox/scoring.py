"""Scoring runs: who has crossed what by an instant, in which order. Renders nothing and reads no clock.

A ranking depends on how many have crossed and on who may not be placed, so it is computed again only when
one of the two has changed; between two scoring runs every list is the same.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from project88.sandbox.entities import CONFIRMED, Bracket, Entry, Interval, Race

UNPLACED_ON_SPLITS = frozenset({"DQ"})


@dataclass(slots=True, eq=False)
class Standing:
    """One interval at one instant: the placed in their order, then those with a row and no place."""

    placed: list[Entry]
    unplaced: list[Entry]
    _groups: dict[str, tuple[list[Entry], list[Entry]]] = field(default_factory=dict)

    def within(self, bracket: Bracket) -> tuple[list[Entry], list[Entry]]:
        """The placed and the unplaced of one bracket."""
        if bracket.bracket_type == "OPEN":
            return self.placed, self.unplaced
        if not self._groups:
            self._group()
        return self._groups.get(bracket.key, ([], []))

    def _group(self) -> None:
        for side, entries in enumerate((self.placed, self.unplaced)):
            for entry in entries:
                for key in (entry.sex, entry.division):
                    self._groups.setdefault(key, ([], []))[side].append(entry)


class _IntervalScores:
    """Everybody who ever crosses an interval, fastest first, and the standing that was asked for last."""

    def __init__(self, interval: Interval) -> None:
        ordinal, race = interval.ordinal, interval.race
        crossing = [entry for entry in race.entries if entry.elapsed_ms[ordinal] is not None and not entry.is_removed]
        crossing.sort(key=lambda entry: (entry.elapsed_ms[ordinal], entry.place))
        self.version = race.version
        self._is_full = interval.is_full
        self._fastest_first = crossing
        self._crossed_at_ms = [entry.delay_ms + (entry.elapsed_ms[ordinal] or 0) for entry in crossing]
        self._arrivals_ms = sorted(self._crossed_at_ms)
        self._noted = [entry for entry in self._fastest_first if entry.status != CONFIRMED]
        self._key: tuple[int, frozenset[Entry]] | None = None
        self._standing = Standing([], [])

    def last_arrival_ms(self, after_gun_ms: int) -> int | None:
        crossed = bisect_right(self._arrivals_ms, after_gun_ms)
        return self._arrivals_ms[crossed - 1] if crossed else None

    def standing(self, after_gun_ms: int) -> Standing:
        out = frozenset(entry for entry in self._noted if self._is_out(entry.status_at(after_gun_ms)))
        key = (bisect_right(self._arrivals_ms, after_gun_ms), out)
        if key != self._key:
            crossed = [
                entry
                for entry, at_ms in zip(self._fastest_first, self._crossed_at_ms, strict=True)
                if at_ms <= after_gun_ms
            ]
            self._standing = _split(crossed, out)
            self._key = key
        return self._standing

    def _is_out(self, status: str) -> bool:
        return status != CONFIRMED if self._is_full else status in UNPLACED_ON_SPLITS


def _split(crossed: list[Entry], out: frozenset[Entry]) -> Standing:
    if not out:
        return Standing(crossed, [])
    return Standing([entry for entry in crossed if entry not in out], [entry for entry in crossed if entry in out])


class Scoreboard:
    """Standings by interval, at scoring runs every ``every_seconds`` of simulated time."""

    def __init__(self, every_seconds: float) -> None:
        self._every_ms = max(1, round(every_seconds * 1000))
        self._scores: dict[str, _IntervalScores] = {}

    def run_ms(self, now_seconds: float) -> int:
        """The instant of the last scoring run."""
        return int(now_seconds * 1000) // self._every_ms * self._every_ms

    def standing(self, interval: Interval, run_ms: int) -> Standing:
        return self._of(interval).standing(run_ms - interval.race.gun_ms)

    def started(self, race: Race, run_ms: int) -> list[Entry]:
        """Who has crossed the start and not yet the finish."""
        after_gun_ms = run_ms - race.gun_ms
        return [entry for entry in race.entries if _is_under_way(entry, after_gun_ms)]

    def generated_ms(self, race: Race, run_ms: int) -> int:
        """The run that made the race's results: the first one after its last crossing so far."""
        arrivals = (self._of(interval).last_arrival_ms(run_ms - race.gun_ms) for interval in race.intervals)
        last_ms = race.gun_ms + max((arrival for arrival in arrivals if arrival is not None), default=0)
        return -(-last_ms // self._every_ms) * self._every_ms

    def _of(self, interval: Interval) -> _IntervalScores:
        scores = self._scores.get(interval.interval_id)
        if scores is None or scores.version != interval.race.version:
            scores = self._scores[interval.interval_id] = _IntervalScores(interval)
        return scores


def _is_under_way(entry: Entry, after_gun_ms: int) -> bool:
    if entry.is_removed or entry.delay_ms > after_gun_ms or not any(entry.elapsed_ms):
        return False
    finish_ms = entry.elapsed_ms[-1]
    return finish_ms is None or entry.delay_ms + finish_ms > after_gun_ms
