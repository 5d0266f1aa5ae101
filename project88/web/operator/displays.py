"""Displays: the list, a preview of one before it is made, its address told once, its end. Shows none to everybody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import get_args

from starlette.exceptions import HTTPException
from starlette.requests import Request

from project88.errors import UsageError
from project88.store import displays, operator, results_page
from project88.store.displays import Kind, Wanted
from project88.store.events import StoredEvent
from project88.store.reports import find_race
from project88.store.results_page import EventKey
from project88.store.timing import sessions
from project88.web.operator.asked import NO_PAGE, Asked, Deed, Page, Told
from project88.web.operator.events import place_of
from project88.web.operator.forms import Form
from project88.web.operator.gate import is_https

PLACE = "/operator/displays"
KINDS: tuple[Kind, ...] = get_args(Kind)
HOURS, MOST_HOURS = 24, 366 * 24
NEWEST_EVENTS = 10


async def listed(asked: Asked) -> Page:
    found = await displays.listed(asked.db, asked.partner)
    every = "all" in asked.request.query_params
    hashes = await displays.open_hashes(asked.db, asked.partner)
    bound = [row for row in await sessions(asked.reads, asked.partner) if row["event_id"] is not None]
    values = {
        "displays": [row for row in found if every or row["state"] in ("open", "elsewhere")],
        "screens": {number: asked.updates.screens(each) for number, each in hashes.items()},
        "every": every,
        "sessions": bound,
        "events": await operator.events(asked.reads, asked.partner, "", NEWEST_EVENTS, 0),
    }
    return Page(template="operator/displays.html", here="displays", values=values, is_live=True)


async def builder(asked: Asked) -> Page:
    """What the display would show now, and the form that shares exactly this."""
    event = await asked.event()
    wanted = await _wanted(asked, event, asked.request.query_params)
    of_event = await sessions(asked.reads, event.timing_partner_id)
    values = {
        "stored": event,
        "place": place_of(event.timing_partner_id, event.event_id),
        "kinds": KINDS,
        "races": await results_page.races(asked.reads, wanted.key),
        "sessions": [row for row in of_event if row["event_id"] == event.event_id],
        "hours": wanted.lifetime // timedelta(hours=1),
        **await asked.screens.preview(wanted),
    }
    return Page(template="operator/display_builder.html", here="displays", values=values)


async def make(asked: Asked, form: Form) -> Deed:
    event = await asked.event()
    wanted = await _wanted(asked, event, form)
    return Deed(
        timing_partner_id=event.timing_partner_id,
        action=f"make a display: {wanted.kind}",
        subject=f"event {event.event_id}",
        back=PLACE,
        carry_out=partial(_make, asked, event, wanted),
    )


async def revoke(asked: Asked, _form: Form) -> Deed:
    partner, number = asked.partner_of_path(), asked.number_of_path("display_id")
    found = await displays.listed(asked.db, partner)
    display = next((row for row in found if row["display_id"] == number), None)
    if display is None:
        raise HTTPException(404, NO_PAGE)
    return Deed(
        timing_partner_id=partner,
        action=f"revoke display {number}",
        subject=f"event {display['event_id']}",
        back=PLACE,
        carry_out=partial(_revoke, asked, number),
    )


async def _make(asked: Asked, event: StoredEvent, wanted: Wanted) -> Told:
    secret, row = await displays.create(asked.db, wanted)
    values = {"stored": event, "display": row, "address": f"{_outside(asked.request)}/display/{secret}"}
    page = Page(template="operator/display_made.html", here="displays", values=values)
    return Told(outcome=f"display {row['display_id']} is made", page=page)


async def _revoke(asked: Asked, number: int) -> str:
    was_open = await displays.revoke(asked.db, number, asked.partner)
    return f"display {number} {'is revoked: its screens go blank' if was_open else 'was revoked before'}"


async def _wanted(asked: Asked, event: StoredEvent, chosen: Mapping[str, str]) -> Wanted:
    """Raises UsageError for a session of another event and a race that the event does not have."""
    race = chosen.get("race", "")
    wanted = Wanted(
        key=EventKey(event.timing_partner_id, event.event_id),
        kind=_kind(chosen.get("kind", KINDS[0])),
        timing_session_id=_whole_number(chosen.get("session", ""), 2**63 - 1),
        race_id=await find_race(asked.reads, event, race) if race else None,
        created_by=asked.visitor.user.email,
        lifetime=timedelta(hours=_whole_number(chosen.get("hours", ""), MOST_HOURS) or HOURS),
    )
    await displays.require_session(asked.reads, wanted)
    return wanted


def _kind(word: str) -> Kind:
    for kind in KINDS:
        if kind == word:
            return kind
    raise UsageError("There is no such kind of display.")


def _whole_number(text: str, most: int) -> int | None:
    if not text.strip():
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) <= most):
        raise UsageError(f"Give a whole number from 1 to {most}.")
    return int(text)


def _outside(request: Request) -> str:
    """Where whoever made the display sees these pages, so that others do."""
    return f"{'https' if is_https(request) else 'http'}://{request.url.netloc}"
