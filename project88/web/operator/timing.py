"""Sessions of timing computers: the list, one with its reads and gaps, and what people say of it. Reads no line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from starlette.exceptions import HTTPException

from project88.errors import UsageError
from project88.store import operator, timing
from project88.store.events import find_event
from project88.web.operator.asked import NO_PAGE, Asked, Deed, Page
from project88.web.operator.forms import Form, day_of, line_of

MINUTES = 60
GAPS = 20
EVENTS = 200
LONGEST_NAME = 100

Session = Mapping[str, Any]


async def listed(asked: Asked) -> Page:
    every = "all" in asked.request.query_params
    found = await timing.sessions(asked.reads, asked.partner, with_closed=every)
    newest = {
        row["timing_session_id"]: await operator.newest_reads(
            asked.reads, row["timing_partner_id"], row["timing_session_id"]
        )
        for row in found
    }
    values = {"sessions": found, "newest": newest, "every": every, "seconds": operator.RATE_SECONDS}
    return Page(template="operator/sessions.html", here="timing", values=values, is_live=True)


async def shown(asked: Asked) -> Page:
    session = await _session(asked)
    partner, number = session["timing_partner_id"], session["timing_session_id"]
    values = {
        "session": session,
        "place": _place(session),
        "locations": await timing.locations(asked.reads, session),
        "newest": await operator.newest_reads(asked.reads, partner, number),
        "rates": await operator.read_rates(asked.reads, partner, number, MINUTES),
        "seconds": operator.RATE_SECONDS,
        "gaps": GAPS,
        "events": await operator.hardware_events(asked.reads, partner, EVENTS),
    }
    return Page(template="operator/session.html", here="timing", values=values, is_live=True)


async def act(asked: Asked, form: Form) -> Deed:
    session, word = await _session(asked), asked.request.path_params["word"]
    if word not in DEEDS:
        raise HTTPException(404, NO_PAGE)
    return Deed(
        timing_partner_id=session["timing_partner_id"],
        action=f"{word} a timing session",
        subject=f"timing session {session['timing_session_id']}",
        back=_place(session),
        carry_out=partial(DEEDS[word], asked, session, form),
    )


async def _name(asked: Asked, session: Session, form: Form) -> str:
    name = line_of(form, "name", LONGEST_NAME)
    await timing.name_session(asked.db, session, name)
    return f"the session is named {name}"


async def _bind(asked: Asked, session: Session, form: Form) -> str:
    """Also moves a session that is bound already; its reads are scored anew in both events."""
    event = await find_event(asked.reads, form.get("event", ""), session["timing_partner_id"])
    bound = await timing.bind_to_hardware_event(asked.db, session, event)
    return f"bound to {event.event_name or event.event_id}: session {', '.join(map(str, bound))}"


async def _set_time(asked: Asked, session: Session, form: Form) -> str:
    zone, location, day = form.get("zone", "").strip() or None, form.get("location") or None, day_of(form, "day")
    if zone is None and day is None:
        raise UsageError("Give a time zone, a day, or both.")
    moved = await timing.set_time(asked.db, session, zone, location, day)
    return f"{moved:,} reads moved"


async def _close(asked: Asked, session: Session, _form: Form) -> str:
    return f"the session {'is closed' if await timing.close_session(asked.db, session) else 'was closed already'}"


DEEDS: Mapping[str, Callable[[Asked, Session, Form], Awaitable[str]]] = {
    "name": _name,
    "bind": _bind,
    "time": _set_time,
    "close": _close,
}


async def _session(asked: Asked) -> Session:
    partner, number = asked.partner_of_path(), asked.number_of_path("timing_session_id")
    try:
        return await timing.find_session(asked.reads, number, partner)
    except UsageError:
        raise HTTPException(404, NO_PAGE) from None


def _place(session: Session) -> str:
    return f"/operator/timing/{session['timing_partner_id']}/{session['timing_session_id']}"
