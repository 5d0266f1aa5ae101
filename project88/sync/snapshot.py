"""What one reading of an event brought, list by list, and what may be concluded from it. Reads and stores nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from project88.records.entities import Problem
from project88.records.snapshot import NO_AUTHORITY, Authority
from project88.store.lists import KnownList
from project88.sync.collecting import CollectedList
from project88.sync.raw_rows import RawRows
from project88.wire.paging import Completeness


@dataclass(slots=True, kw_only=True)
class EntriesRead:
    """How the entries were read. ``began``: hub time before the first call.

    ``is_everyone``: a complete reading retires whoever is not shown. ``listing``: the rows of a list whose entries are
    asked for one by one, in their order.
    """

    began: datetime
    is_everyone: bool
    listing: list[str] | None = None
    refreshed_to: str | None = None


@dataclass(slots=True, kw_only=True)
class EventSnapshot:
    """The lists in the order they were read; ``repeated`` is filled once all are staged.

    ``only_changes_staged``: of the results, all rows of the entries in question were staged, and no other entry's.
    ``is_whole``: everything was asked for, so that page digests may be used and left.
    ``results_wanted``: how many lists of results were asked for.
    """

    is_whole: bool
    results_wanted: int
    known: Mapping[str, KnownList] = field(default_factory=dict)
    lists: list[CollectedList] = field(default_factory=list)
    authorities: dict[int, Authority] = field(default_factory=dict)
    course_problems: list[Problem] = field(default_factory=list)
    course_digests: list[bytes] = field(default_factory=list)
    course_rows: Mapping[str, RawRows] = field(default_factory=dict)
    repeated: Mapping[int, int] = field(default_factory=dict)
    only_changes_staged: bool = False
    entries: EntriesRead | None = None

    @property
    def participants(self) -> list[CollectedList]:
        return [found for found in self.lists if found.stream == "participants"]

    @property
    def results(self) -> list[CollectedList]:
        return [found for found in self.lists if found.stream == "results"]

    @property
    def rows_read(self) -> int:
        return sum(found.rows for found in self.lists)

    def rows_of(self, found: CollectedList) -> int:
        """Different readable rows of a list."""
        return found.rows - self.repeated.get(found.number, 0) - found.problem_rows

    def state(self, found: CollectedList) -> Completeness:
        """A list read by a course with an unreadable row is partial: nobody knows what that row would have said."""
        if self.course_problems:
            return Completeness.PARTIAL
        return found.completeness(self.repeated.get(found.number, 0))

    def named(self, state: Completeness) -> list[str]:
        return [found.wanted.name for found in self.lists if self.state(found) is state]

    def is_complete(self, lists: Iterable[CollectedList]) -> bool:
        return all(self.state(found) is Completeness.COMPLETE for found in lists)

    @property
    def results_are_complete(self) -> bool:
        return len(self.results) >= self.results_wanted and self.is_complete(self.results)

    @property
    def results_are_all_staged(self) -> bool:
        return self.is_whole and self.results_are_complete and not any(found.unchanged for found in self.results)

    def authority(self) -> Authority:
        """An unchanged list was not staged, so it decides nothing: the stored facts are its facts."""
        authority = NO_AUTHORITY
        for found in self.results:
            if not found.unchanged and self.state(found) is Completeness.COMPLETE:
                authority |= self.authorities[found.number]
        return authority

    def problems(self) -> list[Problem]:
        return [*self.course_problems, *(problem for found in self.lists for problem in found.problems)]
