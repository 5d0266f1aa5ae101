"""One chip's reads on one course: which count for what. Pure.

Reads of one mat within the ignore window are one passing. Of all ways to see the passings as a walk along the course,
in its order and not faster than plausible, the one with the most points counts; of equal ones the one that the points'
rules prefer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from project88.scoring.course import SECOND_MS, Course
from project88.scoring.facts import Judgement, Read


@dataclass(frozen=True, slots=True)
class Walk:
    """``passed_ms`` has the instant of each point, None where it was missed; ``judgements`` are by read number."""

    passed_ms: tuple[int | None, ...]
    judgements: dict[int, Judgement]


class _Node(NamedTuple):
    """A passing seen as being at one point. ``used`` is the read that tells its time."""

    passing: int
    point: int
    used: Read


class _Path(NamedTuple):
    """``wishes`` has an instant per point, so that the larger tuple is the better one."""

    length: int
    wishes: tuple[int, ...]
    nodes: tuple[_Node, ...]


EMPTY = _Path(0, (), ())


def walk(course: Course, gun_ms: int | None, reads: Sequence[Read], ignored: frozenset[int] = frozenset()) -> Walk:
    """``reads`` are all of one chip, in any order. Without a gun nothing is before it."""
    judgements: dict[int, Judgement] = {}
    passings = _passings(course, _candidates(course, gun_ms, sorted(reads), ignored, judgements))
    nodes = [_Node(number, point, _told_by(course, point, passing))
             for number, passing in enumerate(passings) for point in course.points_of[passing[0].location]]  # fmt: skip
    path = _straight(course, gun_ms, nodes, len(passings)) or _best(course, gun_ms, nodes)
    _judge(course, passings, path, judgements)
    passed: list[int | None] = [None] * len(course.points)
    for node in path.nodes:
        passed[node.point] = node.used.at_ms
    return Walk(tuple(passed), judgements)


def _candidates(
    course: Course, gun_ms: int | None, reads: list[Read], ignored: frozenset[int], judgements: dict[int, Judgement]
) -> list[Read]:
    """The reads that may count; of the others it is said why not."""
    opens_ms = None if gun_ms is None else gun_ms - round(course.opens_seconds * SECOND_MS)
    closes_ms = None
    if gun_ms is not None and course.closes_seconds is not None:
        closes_ms = gun_ms + round(course.closes_seconds * SECOND_MS)
    found: list[Read] = []
    seen: set[tuple[int, str]] = set()
    for read in reads:
        if read.number in ignored:
            judgements[read.number] = Judgement("ignored_by_hand")
        elif read.location not in course.points_of:
            judgements[read.number] = Judgement("unknown_location")
        elif opens_ms is not None and read.at_ms < opens_ms:
            judgements[read.number] = Judgement("before_start")
        elif closes_ms is not None and read.at_ms > closes_ms:
            judgements[read.number] = Judgement("implausible")
        elif (read.at_ms, read.location) in seen:
            judgements[read.number] = Judgement("duplicate")
        else:
            seen.add((read.at_ms, read.location))
            found.append(read)
    return found


def _passings(course: Course, reads: list[Read]) -> list[list[Read]]:
    """Reads of the same place that follow each other closely. Where the last one counts, each extends the window."""
    passings: list[list[Read]] = []
    open_ones: dict[tuple[int, ...], list[Read]] = {}
    for read in reads:
        place = course.points_of[read.location]
        current = open_ones.get(place)
        is_last = course.points[place[0]].rule == "last"
        if current is not None and read.at_ms - current[-1 if is_last else 0].at_ms <= course.ignore_ms:
            current.append(read)
        else:
            open_ones[place] = [read]
            passings.append(open_ones[place])
    return passings


def _told_by(course: Course, point: int, passing: list[Read]) -> Read:
    return passing[-1 if course.points[point].rule == "last" else 0]


def _straight(course: Course, gun_ms: int | None, nodes: list[_Node], passings: int) -> _Path | None:
    """The way of most runners: every passing is the next point. None where it is not so simple."""
    if len(nodes) != passings:
        return None
    for before, node in zip([None, *nodes], nodes, strict=False):
        if not _may_follow(course, gun_ms, before, node):
            return None
    return _Path(len(nodes), (), tuple(nodes))


def _best(course: Course, gun_ms: int | None, nodes: list[_Node]) -> _Path:
    nodes = sorted(nodes, key=lambda node: (node.used.at_ms, node.point))
    paths: list[_Path] = []
    for number, node in enumerate(nodes):
        wish = node.used.at_ms if course.points[node.point].rule == "last" else -node.used.at_ms
        before = EMPTY if _may_follow(course, gun_ms, None, node) else None
        for other in range(number):
            path = paths[other]
            if path.length and _may_follow(course, gun_ms, nodes[other], node):
                before = path if before is None else max(before, path, key=_worth)
        paths.append(
            EMPTY if before is None else _Path(before.length + 1, (*before.wishes, wish), (*before.nodes, node))
        )
    return max(paths, key=_worth, default=EMPTY)


def _worth(path: _Path) -> tuple[int, tuple[int, ...]]:
    return path.length, path.wishes


def _may_follow(course: Course, gun_ms: int | None, before: _Node | None, node: _Node) -> bool:
    """In the order of the course, and not faster than plausible since the gun and since the point before."""
    earliest = course.earliest_ms
    if gun_ms is not None and node.used.at_ms - gun_ms < earliest[node.point] and node.point > 0:
        return False
    if before is None:
        return True
    return (
        before.passing != node.passing
        and before.point < node.point
        and node.used.at_ms - before.used.at_ms >= max(1, earliest[node.point] - earliest[before.point])
    )


def _judge(course: Course, passings: list[list[Read]], path: _Path, judgements: dict[int, Judgement]) -> None:
    on_path = {node.passing: node for node in path.nodes}
    begin_ms = next((node.used.at_ms for node in path.nodes if node.point == 0), None)
    finish_ms = next((node.used.at_ms for node in path.nodes if node.point == course.finish), None)
    for number, passing in enumerate(passings):
        node = on_path.get(number)
        for read in passing:
            if node is None:
                judgements[read.number] = _unused(course, read, begin_ms, finish_ms)
            elif read is node.used:
                judgements[read.number] = Judgement("used", course.points[node.point].name)
            else:
                judgements[read.number] = Judgement("ignore_window")


def _unused(course: Course, read: Read, begin_ms: int | None, finish_ms: int | None) -> Judgement:
    if finish_ms is not None and read.at_ms > finish_ms:
        return Judgement("after_finish")
    if begin_ms is not None and read.at_ms < begin_ms and 0 in course.points_of[read.location]:
        return Judgement("before_start")
    return Judgement("implausible")
