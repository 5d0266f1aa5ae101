"""The instants of an event that its polls count from: the start or the gun, the end, the zone. Pure; reads no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from project88.store.cadence import EventTimes, RaceTimes

#: An event without a known end lasts so long.
LENGTH_UNKNOWN = timedelta(hours=24)
#: A gun further from the planned start than this is a typing error; so is a race planned so much before its event.
CREDIBLE = timedelta(hours=24)
#: Instants outside these years are typing errors, too, and polls could not be counted from them.
YEARS = range(1971, 9900)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchors:
    """``start`` is None where there is no event, as for a list of events: then only the clock counts."""

    start: datetime | None = None
    end: datetime | None = None
    gun_start: datetime | None = None
    time_zone: tzinfo = UTC
    #: What an operator should know of these instants.
    remark: str | None = None

    @property
    def begins(self) -> datetime | None:
        """The planned start until a gun is known, then the gun."""
        return self.gun_start or self.start

    @property
    def ends(self) -> datetime | None:
        """The end; a day after the start where none is known or it is not later than the start."""
        begins = self.begins
        if begins is None or (self.end is not None and self.end > begins):
            return self.end
        return begins + LENGTH_UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class GunStart:
    """When the event began; None as long as no credible gun is known."""

    at: datetime | None
    remark: str | None = None


def gun_start(event_start: datetime, races: Sequence[RaceTimes]) -> GunStart:
    """The earliest start of the races once the gun of one is known: each race's own gun, else its planned start."""
    guns = [gun for race in races if (gun := _gun(race, event_start))]
    planned = [race.planned_start or event_start for race in races if not _gun(race, event_start)]
    credible = [start for start in planned if start >= event_start - CREDIBLE]
    wrong = [race for race in races if race.actual_start and not _gun(race, event_start)]
    return GunStart(at=min([*guns, *credible]) if guns else None, remark=_remark(wrong))


def anchors_of(event: EventTimes) -> Anchors | None:
    """None where ``unplanned`` says why."""
    if unplanned(event) is not None or event.start_date is None:
        return None
    gun = gun_start(event.start_date, event.races)
    end = event.end_date if event.end_date and event.end_date.year in YEARS else None
    zone = zone_of(event.partner_time_zone)
    return Anchors(start=event.start_date, end=end, gun_start=gun.at, time_zone=zone, remark=gun.remark)


def unplanned(event: EventTimes) -> str | None:
    """Why no poll of an event can be planned; None where polls can be."""
    if event.retracted_at is not None:
        return f"it was retracted on {event.retracted_at:%Y-%m-%d %H:%M} UTC"
    if event.upstream_state is not None:
        return f"it is {event.upstream_state} upstream"
    if event.start_date is None:
        return "it has no start date; set one at the provider"
    if event.start_date.year not in YEARS:
        return f"its start is in the year {event.start_date.year}; correct it at the provider"
    return None


def zone_of(name: str | None) -> tzinfo:
    """The zone of a name; UTC for one that is not among Python's zones."""
    try:
        return ZoneInfo(name or "UTC")
    except (ValueError, OSError, KeyError):
        return UTC


def _gun(race: RaceTimes, event_start: datetime) -> datetime | None:
    """The gun of a race where it is credible."""
    planned = race.planned_start or event_start
    if race.actual_start is None or abs(race.actual_start - planned) > CREDIBLE:
        return None
    return race.actual_start


def _remark(wrong: Sequence[RaceTimes]) -> str | None:
    if not wrong:
        return None
    guns = ", ".join(f"{race.actual_start:%Y-%m-%d %H:%M} UTC of race {race.race_id}" for race in wrong)
    return f"the gun time {guns} is ignored, it is more than {CREDIBLE // timedelta(hours=1)} h from the planned start"
