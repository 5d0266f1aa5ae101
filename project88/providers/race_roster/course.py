"""The sub-events of one event in the partner API and in the public results service, and which are the same. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from project88.records.entities import Race


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsCode:
    """The unique code under which the public results service knows an event."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicEvent:
    """The id under which the public results service keeps the results."""

    result_event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicSubEvent:
    """``as_race`` is what it becomes where the partner API shows no sub-event like it."""

    is_public: bool
    as_race: Race

    @property
    def sub_event_id(self) -> str:
        return self.as_race.race_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The results of one sub-event: where they are, and of which race."""

    result_event_id: str
    sub_event_id: str
    race_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterCourse:
    races: tuple[Race, ...]
    published: tuple[Published, ...] = ()


def course_of(own: Iterable[Race], event: PublicEvent | None, shown: Iterable[PublicSubEvent]) -> RosterCourse:
    """Results of a sub-event that the partner API does not show have a race of their own."""
    races = {race.race_id: race for race in own}
    public = {each.sub_event_id: each for each in shown} if event is not None else {}
    race_ids = matched(list(races.values()), [each.as_race for each in public.values()])
    for sub_event_id, race_id in race_ids.items():
        races.setdefault(race_id, public[sub_event_id].as_race)
    published = [
        Published(result_event_id=event.result_event_id, sub_event_id=each.sub_event_id, race_id=race_ids[key])
        for key, each in public.items()
        if event is not None and each.is_public
    ]
    return RosterCourse(races=tuple(races.values()), published=tuple(published))


def matched(own: Sequence[Race], shown: Sequence[Race]) -> Mapping[str, str]:
    """The race of each sub-event shown: that of the same id, else the only one of the same name, else itself."""
    own_ids = {race.race_id for race in own}
    found = {race.race_id: race.race_id for race in shown if race.race_id in own_ids}
    free = _by_only_name(race for race in own if race.race_id not in found)
    waiting = [race for race in shown if race.race_id not in found]
    for name, race_id in _by_only_name(waiting).items():
        if name in free:
            found[race_id] = free[name]
    return {race.race_id: found.get(race.race_id, race.race_id) for race in shown}


def _by_only_name(races: Iterable[Race]) -> Mapping[str, str]:
    """Ids by name, without regard to case and spaces; a name that two races share tells nothing."""
    named = [(" ".join(race.name.casefold().split()), race.race_id) for race in races if race.name]
    times = Counter(name for name, _ in named)
    return {name: race_id for name, race_id in named if times[name] == 1}
