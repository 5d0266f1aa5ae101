"""Places by time, equal times sharing one. Pure; knows no read.

A sorted list for the race and for each gender and division: a runner's place is one more than the runners before it.
"""

from __future__ import annotations

from bisect import bisect_left, insort

from project88.scoring.facts import NO_PLACES, Places, Score

Group = tuple[str, str]
OVERALL: Group = ("overall", "")


class Ranking:
    """Of one race."""

    def __init__(self) -> None:
        self._times: dict[Group, list[int]] = {}

    def add(self, score: Score) -> None:
        if score.rank_ms is not None:
            for group in _groups(score):
                insort(self._times.setdefault(group, []), score.rank_ms)

    def remove(self, score: Score) -> None:
        """One that was added."""
        if score.rank_ms is not None:
            for group in _groups(score):
                times = self._times[group]
                times.pop(bisect_left(times, score.rank_ms))

    def places(self, score: Score) -> Places:
        if score.rank_ms is None:
            return NO_PLACES
        return Places(
            self._place(OVERALL, score.rank_ms),
            self._place(("gender", score.entry.gender), score.rank_ms) if score.entry.gender else None,
            self._place(("division", score.entry.division), score.rank_ms) if score.entry.division else None,
        )

    def _place(self, group: Group, rank_ms: int) -> int:
        return bisect_left(self._times[group], rank_ms) + 1


def _groups(score: Score) -> list[Group]:
    groups = [OVERALL]
    if score.entry.gender:
        groups.append(("gender", score.entry.gender))
    if score.entry.division:
        groups.append(("division", score.entry.division))
    return groups
