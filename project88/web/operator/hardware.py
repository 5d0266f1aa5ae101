"""Events of the hardware: made by a form, and what one needs before it can be scored. Scores none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException

from project88.errors import BadValue, UsageError
from project88.records.entities import TimingPartnerId
from project88.records.units import time_zone
from project88.store import duplicates, operator, scoring
from project88.store.partners import partners
from project88.store.timing import time_zone_exists
from project88.web.operator.asked import LOOK_ONLY, Asked, Deed, Made, Page
from project88.web.operator.events import place_of
from project88.web.operator.forms import Form, line_of

PLACE = "/operator/events/new"
LONGEST_NAME, LONGEST_ZONE = 200, 100
FIRST_YEAR, LAST_YEAR = 1970, 2199
HOW_TO_START = "Write the start like 2026-05-02 and 09:00."


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    timing_partner_id: TimingPartnerId
    name: str
    start: datetime
    zone: str


async def shown(asked: Asked) -> Page:
    if not asked.visitor.user.may_act:
        raise HTTPException(403, LOOK_ONLY)
    own = [row for row in await partners(asked.db) if asked.partner in (None, row["timing_partner_id"])]
    values = {
        "place": PLACE,
        "partners": own,
        "zone": own[0]["time_zone"] if len(own) == 1 else "",
        "zones": sorted({*(row["time_zone"] for row in own), *await operator.time_zones(asked.reads, asked.partner)}),
        "longest": {"name": LONGEST_NAME, "zone": LONGEST_ZONE},
        "years": (FIRST_YEAR, LAST_YEAR),
    }
    return Page(template="operator/event_new.html", here="events", values=values)


async def make(asked: Asked, form: Form) -> Deed:
    wanted = await _wanted(asked, form)
    return Deed(
        timing_partner_id=wanted.timing_partner_id,
        action="add an event",
        subject=wanted.name,
        back=PLACE,
        carry_out=partial(_make, asked, wanted),
    )


async def _make(asked: Asked, wanted: NewEvent) -> Made:
    """The database looks for events of other sources that may be this one: a person decides, as after the command."""
    partner = wanted.timing_partner_id
    event_id = await scoring.add_event(asked.db, partner, wanted.name, wanted.start, wanted.zone, is_only=True)
    alike = [pair for pair in await duplicates.pairs(asked.db, partner, event_id) if pair.event_id == event_id]
    said = [f"event {event_id} is made", *(f"it may be event {each.provider_event_id}" for each in alike)]
    return Made(outcome="; ".join(said), subject=f"event {event_id}", place=place_of(partner, event_id))


async def _wanted(asked: Asked, form: Form) -> NewEvent:
    partner = await asked.partner_of_form(form)
    if partner is None:
        raise UsageError("Say whose event it is.")
    name, zone = line_of(form, "name", LONGEST_NAME), await _zone(asked, form)
    start = _start(form.get("day", ""), form.get("time", ""), zone)
    return NewEvent(timing_partner_id=partner, name=name, start=start, zone=zone.key)


async def _zone(asked: Asked, form: Form) -> ZoneInfo:
    """One that pages and database know."""
    name = form.get("zone", "").strip()
    try:
        zone = time_zone(name) if 0 < len(name) <= LONGEST_ZONE else None
    except BadValue:
        zone = None
    if zone is None or not await time_zone_exists(asked.db, name):
        raise UsageError("Give a time zone that exists, such as America/New_York.")
    return zone


def _start(day: str, clock: str, zone: ZoneInfo) -> datetime:
    """Raises UsageError for what no clock of the zone shows, or shows twice: nobody guesses which is meant."""
    try:
        wall = datetime.fromisoformat(f"{day.strip()} {clock.strip()}")
    except ValueError:
        raise UsageError(HOW_TO_START) from None
    if wall.tzinfo is not None or not FIRST_YEAR <= wall.year <= LAST_YEAR:
        raise UsageError(HOW_TO_START)
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None) != wall:
        raise UsageError(f"Clocks in {zone.key} skip {clock} on {day}.")
    if first != second:
        raise UsageError(
            f"Clocks in {zone.key} show {clock} twice on {day}; say which by: project88 timing add-event --start"
        )
    return first
