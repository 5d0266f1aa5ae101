"""What scoring works on and what it gives. Pure values; instants are epoch milliseconds, durations milliseconds.

A race holds a million of some of them. None can be part of a cycle, so the garbage collector does not watch those: a
look at all of them would stop scoring for most of a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import msgspec

from project88.records.entities import DeclaredStatus

ReadStatus = Literal[
    "used",
    "before_start",
    "ignore_window",
    "unknown_bib",
    "unknown_location",
    "implausible",
    "duplicate",
    "after_finish",
    "ignored_by_hand",
]
ResultStatus = Literal["finished", "dnf", "dns", "dq", "started"]


class Read(msgspec.Struct, frozen=True, order=True, gc=False):
    """One read or gun time. The order of the fields is the order of reads; ``number`` is the stored one."""

    at_ms: int
    location: str
    sequence: int
    reader: str
    tag: str
    number: int


class Judgement(msgspec.Struct, frozen=True, gc=False):
    """What became of a read. ``point`` is the name of the one that a used read counts for."""

    status: ReadStatus
    point: str | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Who runs with which bib, as far as scoring cares."""

    entry_id: str
    race_id: str
    bib: str
    gender: str | None = None
    division: str | None = None
    wave: str | None = None
    declared: DeclaredStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What people decided. ``statuses`` and ``adjustments_ms`` are by bib."""

    ignored_reads: frozenset[int] = frozenset()
    statuses: Mapping[str, Literal["dq", "dnf"]] = field(default_factory=dict)
    adjustments_ms: Mapping[str, int] = field(default_factory=dict)


class SplitTime(msgspec.Struct, frozen=True, gc=False):
    """When a runner came by a point, and how long after its own start; None where that start is unknown."""

    point: str
    at_ms: int
    elapsed_ms: int | None


class Score(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One runner's result without its places. None is unknown."""

    entry: Entry
    status: ResultStatus
    is_derived: bool
    chip_ms: int | None
    gun_ms: int | None
    rank_ms: int | None
    begin_ms: int | None
    finish_ms: int | None
    splits: tuple[SplitTime, ...]


class Places(NamedTuple):
    overall: int | None
    gender: int | None
    division: int | None


NO_PLACES = Places(None, None, None)
