"""From one runner's walk to its result: times, splits, status. Pure; gives no places."""

from __future__ import annotations

from project88.scoring.course import Course
from project88.scoring.facts import Decisions, Entry, ResultStatus, Score, SplitTime
from project88.scoring.runner import Walk


def score_of(
    course: Course, entry: Entry, gun_ms: int | None, found: Walk, decisions: Decisions, is_closed: bool
) -> Score | None:
    """None for a runner of whom nothing is known while the race goes on.

    ``is_closed``: nobody can come in any more, so that who has not finished did not.
    """
    begin_ms, finish_ms = found.passed_ms[0], found.passed_ms[-1]
    if begin_ms is None and course.missed_start == "gun" and any(found.passed_ms):
        begin_ms = gun_ms
    status, is_derived = _status(course, entry, found, decisions, is_closed)
    if status is None:
        return None
    adjustment_ms = decisions.adjustments_ms.get(entry.bib, 0)
    chip_ms = _since(begin_ms, finish_ms, adjustment_ms)
    gun_time_ms = _since(gun_ms, finish_ms, adjustment_ms)
    rank_ms = chip_ms if course.rank_by == "chip" else gun_time_ms
    return Score(
        entry=entry,
        status=status,
        is_derived=is_derived,
        chip_ms=chip_ms,
        gun_ms=gun_time_ms,
        rank_ms=rank_ms if status == "finished" else None,
        begin_ms=begin_ms,
        finish_ms=finish_ms,
        splits=tuple(
            SplitTime(point.name, at_ms, _since(begin_ms, at_ms, 0))
            for point, at_ms in zip(course.points[1:-1], found.passed_ms[1:-1], strict=True)
            if at_ms is not None
        ),
    )


def _status(
    course: Course, entry: Entry, found: Walk, decisions: Decisions, is_closed: bool
) -> tuple[ResultStatus | None, bool]:
    """A person's word is above the start list's, and both above the reads. Derived is what follows from absence."""
    decided = decisions.statuses.get(entry.bib) or (entry.declared if entry.declared in ("dnf", "dq") else None)
    if decided in ("dnf", "dq"):
        return decided, False
    if found.passed_ms[-1] is not None:
        return "finished", False
    if any(at_ms is not None for at_ms in found.passed_ms):
        return ("dnf", True) if is_closed else ("started", False)
    return ("dns", True) if is_closed else (None, False)


def _since(begin_ms: int | None, end_ms: int | None, adjustment_ms: int) -> int | None:
    return None if begin_ms is None or end_ms is None else end_ms - begin_ms + adjustment_ms
