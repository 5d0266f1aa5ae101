"""Rows of the store as what scoring works on, and scores as rows. Judges no read, runs no statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from project88.scoring.facts import Decisions, Entry, Places, Read, Score, SplitTime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
encode = msgspec.json.Encoder().encode


def split_kinds(rows: Iterable[tuple[Any, ...]]) -> tuple[list[Read], list[Read]]:
    """Reads and gun times."""
    reads: list[Read] = []
    guns: list[Read] = []
    for number, kind, location, sequence, reader, tag, at_ms in rows:
        (guns if kind == "guntime" else reads).append(Read(at_ms, location, sequence, reader, tag, number))
    return reads, guns


class Starter(msgspec.Struct, frozen=True, gc=False):
    """An entry and what scoring does not ask: which source lists it, and a number for who it is."""

    entry: Entry
    data_source: str
    person: int


def starter_of(row: dict[str, Any]) -> Starter:
    entry = Entry(
        entry_id=row["entry_id"],
        race_id=row["race_id"],
        bib=row["bib_number"],
        gender=row["gender"],
        division=row["division"],
        wave=row["wave_name"],
        declared=row["declared_status"],
    )
    return Starter(entry, row["data_source"], row["person"])


def decisions_of(rows: Sequence[dict[str, Any]]) -> Decisions:
    """The newest decision about a bib's status counts; adjustments add up."""
    statuses: dict[str, Any] = {}
    adjustments: dict[str, int] = {}
    for row in rows:
        bib = row["bib_number"]
        match row["kind"]:
            case "disqualified":
                statuses[bib] = "dq"
            case "did_not_finish":
                statuses[bib] = "dnf"
            case "time_adjusted":
                adjustments[bib] = adjustments.get(bib, 0) + row["adjustment"] // MILLISECOND
    ignored = frozenset(row["timing_read_id"] for row in rows if row["kind"] == "read_ignored")
    return Decisions(ignored_reads=ignored, statuses=statuses, adjustments_ms=adjustments)


def score_rows(
    starters: Mapping[str, Starter], scores: Iterable[Score], places: Mapping[str, Places]
) -> Iterator[tuple[Any, ...]]:
    for score in scores:
        entry_id = score.entry.entry_id
        yield (
            entry_id,
            score.entry.race_id,
            starters[entry_id].data_source,
            _interval(score.chip_ms),
            _interval(score.gun_ms),
            *places[entry_id],
            score.status,
            score.is_derived,
            encode([_split_time(each) for each in score.splits]).decode(),
            [each.point for each in score.splits],
            _instant(score.begin_ms),
            _instant(score.finish_ms),
        )


def _split_time(split: SplitTime) -> dict[str, object]:
    """As ct_results.split_times has it. Both durations are since the runner's own start."""
    return {
        "name": split.point,
        "elapsed_ms": split.elapsed_ms,
        "cumulative_ms": split.elapsed_ms,
        "at": _instant(split.at_ms),
        "rank": None,
    }


def _interval(milliseconds: int | None) -> timedelta | None:
    return None if milliseconds is None else milliseconds * MILLISECOND


def _instant(epoch_ms: int | None) -> datetime | None:
    return None if epoch_ms is None else EPOCH + epoch_ms * MILLISECOND
