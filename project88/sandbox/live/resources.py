"""What each path of the API answers with: one entity or a listing, and its envelope key. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from project88.sandbox.entities import Bracket, Entry, Event, Interval, Race
from project88.sandbox.live.listings import OneEntry, Segment
from project88.sandbox.live.query import Query
from project88.sandbox.live.render import bracket_row, entry_row, event_row, interval_row, race_row
from project88.sandbox.live.settings import Account, LiveSettings
from project88.sandbox.scoring import Scoreboard, Standing
from project88.sandbox.service.listings import Chain, Listing, Rendered
from project88.sandbox.service.replies import Refused
from project88.sandbox.service.rows import Row
from project88.sandbox.world import World

ALL = "all"
BRACKET_TYPES = frozenset({"OPEN", "SEX", "AGE", "ELITE", "OTHER"})


@dataclass(frozen=True, slots=True, kw_only=True)
class One:
    """A single entity. A row of None stands for a body without the key."""

    key: str
    row: Row | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """A list to be paged."""

    key: str
    listing: Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The world as one account sees it at one scoring run, and what it asked for."""

    world: World
    scoreboard: Scoreboard
    settings: LiveSettings
    account: Account
    query: Query
    run_ms: int


def answer(view: View, segments: Sequence[str]) -> One | Many:
    """What the path under ``/api`` holds; Refused(404) when there is no such thing for this account."""
    match segments:
        case ["event"]:
            events = [event for event in view.world.events.values() if view.account.sees(event.event_id)]
            return Many(key="event", listing=Rendered(events, event_row))
        case [kind, identifier] if kind in ENTITIES:
            return ENTITIES[kind](view, identifier)
        case [kind, identifier, child] if (kind, child) in COLLECTIONS:
            listing = COLLECTIONS[kind, child](view, identifier)
            return Many(key=f"{kind}_{child}", listing=listing)
        case _:
            raise Refused(404, "no such resource")


def _visible(view: View, event: Event | None, what: str, identifier: str) -> Event:
    if event is None or not view.account.sees(event.event_id):
        raise Refused(404, f"{what} {identifier} was not found")
    return event


def _event(view: View, identifier: str) -> Event:
    return _visible(view, view.world.events.get(identifier), "event", identifier)


def _race(view: View, identifier: str) -> Race:
    race = view.world.races.get(identifier)
    _visible(view, race.event if race else None, "race", identifier)
    return view.world.races[identifier]


def _interval(view: View, identifier: str) -> Interval:
    interval = view.world.intervals.get(identifier)
    _visible(view, interval.race.event if interval else None, "interval", identifier)
    return view.world.intervals[identifier]


def _bracket(view: View, identifier: str) -> Bracket:
    bracket = view.world.brackets.get(identifier)
    _visible(view, bracket.race.event if bracket else None, "bracket", identifier)
    return view.world.brackets[identifier]


def _entry(view: View, identifier: str) -> tuple[Race, Entry]:
    race, entry = view.world.entries.get(identifier, (None, None))
    _visible(view, race.event if race and entry and not entry.is_removed else None, "entry", identifier)
    return view.world.entries[identifier]


def _one_event(view: View, identifier: str) -> One:
    event = view.world.events.get(identifier)
    if view.settings.unknown_event == "no_key" and (event is None or not view.account.sees(identifier)):
        return One(key="event", row=None)
    return One(key="event", row=event_row(_event(view, identifier)))


def _one_race(view: View, identifier: str) -> One:
    return One(key="race", row=race_row(_race(view, identifier), view.run_ms))


def _one_interval(view: View, identifier: str) -> One:
    return One(key="interval", row=interval_row(_interval(view, identifier)))


def _one_bracket(view: View, identifier: str) -> One:
    return One(key="bracket", row=bracket_row(_bracket(view, identifier)))


def _one_entry(view: View, identifier: str) -> One:
    return One(key="entry", row=entry_row(*_entry(view, identifier), view.run_ms))


ENTITIES: Mapping[str, Callable[[View, str], One]] = {
    "event": _one_event,
    "race": _one_race,
    "interval": _one_interval,
    "bracket": _one_bracket,
    "entry": _one_entry,
}


def _entries(view: View, races: Iterable[Race]) -> Listing:
    return Chain([_entries_of(view, race) for race in races])


def _entries_of(view: View, race: Race) -> Listing:
    entries = view.world.entries_of(race, view.query.with_test_entries)
    return Rendered(entries, lambda entry: entry_row(race, entry, view.run_ms))


def _intervals(races: Iterable[Race]) -> Listing:
    return Rendered([interval for race in races for interval in race.intervals], interval_row)


def _brackets(races: Iterable[Race]) -> Listing:
    return Rendered([bracket for race in races for bracket in race.brackets], bracket_row)


def _races(view: View, races: Sequence[Race]) -> Listing:
    return Rendered(races, lambda race: race_row(race, view.run_ms))


def _results(view: View, intervals: Iterable[Interval], brackets: Sequence[Bracket] | None = None) -> Listing:
    """Rows of the intervals in their order, each in the given brackets or in those that were asked for."""
    return Chain(_segments(view, intervals, brackets))


def _segments(view: View, intervals: Iterable[Interval], brackets: Sequence[Bracket] | None = None) -> list[Segment]:
    segments = []
    for interval in intervals:
        wanted = _wanted_brackets(view, interval.race) if brackets is None else brackets
        standing = view.scoreboard.standing(interval, view.run_ms)
        segments += [_segment(view, interval, bracket, standing) for bracket in wanted]
    return segments


def _segment(view: View, interval: Interval, bracket: Bracket, standing: Standing) -> Segment:
    placed, unplaced = standing.within(bracket)
    shows_started = view.settings.started_rows and interval.is_full and bracket.bracket_type == "OPEN"
    return Segment(
        interval=interval,
        bracket=bracket,
        placed=placed,
        unplaced=unplaced,
        under_way=view.scoreboard.started(interval.race, view.run_ms) if shows_started else (),
        generated_ms=view.scoreboard.generated_ms(interval.race, view.run_ms),
    )


def _wanted_intervals(view: View, races: Iterable[Race]) -> list[Interval]:
    """By id, by name without regard to case and stray spaces, or all of them."""
    asked = view.query.interval or (ALL if view.settings.without_interval == "all" else None)
    intervals = [interval for race in races for interval in race.intervals]
    if asked is None:
        return [interval for interval in intervals if interval.is_full]
    if _same_name(asked, ALL):
        return intervals
    return [one for one in intervals if one.interval_id == asked or _same_name(one.name, asked)]


def _wanted_brackets(view: View, race: Race) -> list[Bracket]:
    """By id, by name, all of a type; without a wish the overall one."""
    asked = view.query.bracket or "OPEN"
    if asked.upper() in BRACKET_TYPES:
        return [bracket for bracket in race.brackets if bracket.bracket_type == asked.upper()]
    return [one for one in race.brackets if one.bracket_id == asked or _same_name(one.name, asked)]


def _same_name(name: str, other: str) -> bool:
    return name.strip().casefold() == other.strip().casefold()


def _event_results(view: View, identifier: str) -> Listing:
    return _results(view, _wanted_intervals(view, _event(view, identifier).races))


def _race_results(view: View, identifier: str) -> Listing:
    return _results(view, _wanted_intervals(view, [_race(view, identifier)]))


def _interval_results(view: View, identifier: str) -> Listing:
    return _results(view, [_interval(view, identifier)])


def _bracket_results(view: View, identifier: str) -> Listing:
    """Split rows too, unless one interval is asked for."""
    bracket = _bracket(view, identifier)
    intervals = _wanted_intervals(view, [bracket.race]) if view.query.interval else bracket.race.intervals
    return _results(view, intervals, [bracket])


def _entry_results(view: View, identifier: str) -> Listing:
    race, entry = _entry(view, identifier)
    segments = _segments(view, _wanted_intervals(view, [race]))
    return Chain([OneEntry(segment, entry.entry_id) for segment in segments])


COLLECTIONS: Mapping[tuple[str, str], Callable[[View, str], Listing]] = {
    ("event", "race"): lambda view, identifier: _races(view, _event(view, identifier).races),
    ("event", "entry"): lambda view, identifier: _entries(view, _event(view, identifier).races),
    ("event", "bracket"): lambda view, identifier: _brackets(_event(view, identifier).races),
    ("event", "interval"): lambda view, identifier: _intervals(_event(view, identifier).races),
    ("event", "results"): _event_results,
    ("race", "entry"): lambda view, identifier: _entries(view, [_race(view, identifier)]),
    ("race", "bracket"): lambda view, identifier: _brackets([_race(view, identifier)]),
    ("race", "interval"): lambda view, identifier: _intervals([_race(view, identifier)]),
    ("race", "results"): _race_results,
    ("interval", "results"): _interval_results,
    ("bracket", "results"): _bracket_results,
    ("entry", "results"): _entry_results,
}
