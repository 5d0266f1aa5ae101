"""The sandbox's world: events found by id, and the edits a test or an operator makes. Serves nothing, ranks nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from project88.errors import UsageError
from project88.sandbox.entities import Bracket, Entry, Event, Interval, Race


class RemoveResult(msgspec.Struct, frozen=True, kw_only=True, tag_field="edit", tag="remove_result"):
    """Take away an entry's result over one interval (by name), or over all of them."""

    entry_id: str
    interval: str | None = None


class ChangeTime(msgspec.Struct, frozen=True, kw_only=True, tag_field="edit", tag="change_time"):
    """Set an entry's chip time over an interval; it crosses that much after its own start."""

    entry_id: str
    seconds: float
    interval: str = "Full Course"


class SetStatus(msgspec.Struct, frozen=True, kw_only=True, tag_field="edit", tag="set_status"):
    """Set an entry's status word. Entries of a status other than CONF are not placed on the full course."""

    entry_id: str
    status: str


class RemoveEntry(msgspec.Struct, frozen=True, kw_only=True, tag_field="edit", tag="remove_entry"):
    """Take an entry and all its results away."""

    entry_id: str


class AddEntry(msgspec.Struct, frozen=True, kw_only=True, tag_field="edit", tag="add_entry"):
    """Add an entry; ``seconds`` maps interval names to chip times; without them it has no results.

    A test entry is listed only when ``include_test_entries`` is asked.
    """

    race_id: str
    entry_id: str
    bib: str
    first_name: str = "Late"
    last_name: str = "Entry"
    sex: str = "F"
    age: int = 30
    division: str = "F18-39"
    seconds: dict[str, float] = {}
    is_test: bool = False


class MoveStart(msgspec.Struct, frozen=True, kw_only=True, tag_field="edit", tag="move_start"):
    """Move an event, its guns and all its crossings by so many seconds."""

    event_id: str
    seconds: float


class Restore(msgspec.Struct, frozen=True, kw_only=True, tag_field="edit", tag="restore"):
    """Bring an entry back as it was before its first edit."""

    entry_id: str


Edit = RemoveResult | ChangeTime | SetStatus | RemoveEntry | AddEntry | MoveStart | Restore


@dataclass(frozen=True, slots=True)
class _Before:
    """What an edit of an entry may change, as it was."""

    elapsed_ms: tuple[int | None, ...]
    status: str
    status_from_ms: int | None


class World:
    """Events with everything in them, found by id. ``apply`` takes effect at once, as a rescoring would."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.events: dict[str, Event] = {event.event_id: event for event in events}
        self.races: dict[str, Race] = {}
        self.intervals: dict[str, Interval] = {}
        self.brackets: dict[str, Bracket] = {}
        self.entries: dict[str, tuple[Race, Entry]] = {}
        self._before: dict[str, _Before] = {}
        self._listed: dict[tuple[str, bool], tuple[int, list[Entry]]] = {}
        for event in self.events.values():
            for race in event.races:
                self._index(race)

    def apply(self, *edits: Edit) -> None:
        """Make the edits in their order. An id or a name that does not exist raises UsageError."""
        for edit in edits:
            self._apply(edit)

    def apply_json(self, raw: bytes) -> None:
        """Make one edit or a list of them, as JSON."""
        edits = msgspec.json.decode(raw, type=Edit | list[Edit])
        self.apply(*(edits if isinstance(edits, list) else [edits]))

    def last_crossing_ms(self) -> int:
        """Epoch milliseconds of the last crossing of the last event, which is the big race."""
        races = list(self.events.values())[-1].races
        return max(
            race.gun_ms + entry.delay_ms + max((each for each in entry.elapsed_ms if each is not None), default=0)
            for race in races
            for entry in race.entries
        )

    def entries_of(self, race: Race, with_tests: bool) -> list[Entry]:
        """The race's entries as the list of entries shows them."""
        version, entries = self._listed.get((race.race_id, with_tests), (-1, []))
        if version != race.version:
            shown = (entry for entry in race.entries if not entry.is_removed)
            entries = [entry for entry in shown if with_tests or not entry.is_test]
            self._listed[race.race_id, with_tests] = (race.version, entries)
        return entries

    def _index(self, race: Race) -> None:
        self.races[race.race_id] = race
        self.intervals.update((interval.interval_id, interval) for interval in race.intervals)
        self.brackets.update((bracket.bracket_id, bracket) for bracket in race.brackets)
        self.entries.update((entry.entry_id, (race, entry)) for entry in race.entries)

    def _apply(self, edit: Edit) -> None:
        match edit:
            case MoveStart():
                self._move(edit)
            case AddEntry():
                self._add(edit)
            case _:
                race, entry = self._entry(edit.entry_id)
                self._remember(entry)
                self._change(edit, race, entry)
                race.version += 1

    def _change(
        self, edit: RemoveResult | ChangeTime | SetStatus | RemoveEntry | Restore, race: Race, entry: Entry
    ) -> None:
        match edit:
            case RemoveResult(interval=None):
                entry.elapsed_ms = (None,) * len(race.intervals)
            case RemoveResult(interval=str(name)):
                entry.elapsed_ms = _with(entry.elapsed_ms, _ordinal(race, name), None)
            case ChangeTime():
                elapsed_ms = round(edit.seconds * 1000)
                entry.elapsed_ms = _with(entry.elapsed_ms, _ordinal(race, edit.interval), elapsed_ms)
            case SetStatus():
                entry.status, entry.status_from_ms = edit.status, None
            case RemoveEntry():
                entry.is_removed = True
            case Restore():
                before = self._before.pop(entry.entry_id)
                entry.elapsed_ms, entry.status = before.elapsed_ms, before.status
                entry.status_from_ms, entry.is_removed = before.status_from_ms, False

    def _add(self, edit: AddEntry) -> None:
        race = self.races.get(edit.race_id)
        if race is None or edit.entry_id in self.entries:
            raise UsageError(f"race {edit.race_id} is unknown, or entry {edit.entry_id} exists already")
        elapsed_ms: tuple[int | None, ...] = (None,) * len(race.intervals)
        for name, seconds in edit.seconds.items():
            elapsed_ms = _with(elapsed_ms, _ordinal(race, name), round(seconds * 1000))
        entry = Entry(
            entry_id=edit.entry_id,
            athlete_id=f"8{edit.entry_id}",
            bib=edit.bib,
            first_name=edit.first_name,
            last_name=edit.last_name,
            sex=edit.sex,
            age=edit.age,
            division=edit.division,
            elapsed_ms=elapsed_ms,
            is_test=edit.is_test,
        )
        race.entries.append(entry)
        self.entries[entry.entry_id] = (race, entry)
        race.version += 1

    def _move(self, edit: MoveStart) -> None:
        event = self.events.get(edit.event_id)
        if event is None:
            raise UsageError(f"event {edit.event_id} is unknown")
        shift_ms = round(edit.seconds * 1000)
        event.start_ms += shift_ms
        event.end_ms += shift_ms
        for race in event.races:
            race.gun_ms += shift_ms

    def _entry(self, entry_id: str) -> tuple[Race, Entry]:
        found = self.entries.get(entry_id)
        if found is None:
            raise UsageError(f"entry {entry_id} is unknown")
        return found

    def _remember(self, entry: Entry) -> None:
        if entry.entry_id not in self._before:
            before = _Before(entry.elapsed_ms, entry.status, entry.status_from_ms)
            self._before[entry.entry_id] = before


def _ordinal(race: Race, name: str) -> int:
    for interval in race.intervals:
        if interval.name == name:
            return interval.ordinal
    raise UsageError(f"race {race.race_id} has no interval {name!r}")


def _with(values: tuple[int | None, ...], ordinal: int, value: int | None) -> tuple[int | None, ...]:
    return (*values[:ordinal], value, *values[ordinal + 1 :])
