"""Sessions of timing computers: the list, and one with its reads per second and what it lacks. Reads no line."""

from __future__ import annotations

from starlette.exceptions import HTTPException

from project88.errors import UsageError
from project88.store import operator
from project88.store.timing import find_session, locations, sessions
from project88.web.operator.asked import NO_PAGE, Asked, Page

MINUTES = 60
GAPS = 20


async def listed(asked: Asked) -> Page:
    every = "all" in asked.request.query_params
    found = await sessions(asked.reads, asked.partner, with_closed=every)
    newest = {
        row["timing_session_id"]: await operator.newest_reads(
            asked.reads, row["timing_partner_id"], row["timing_session_id"]
        )
        for row in found
    }
    values = {"sessions": found, "newest": newest, "every": every, "seconds": operator.RATE_SECONDS}
    return Page(template="operator/sessions.html", here="timing", values=values, is_live=True)


async def shown(asked: Asked) -> Page:
    partner, number = asked.partner_of_path(), asked.number_of_path("timing_session_id")
    try:
        session = await find_session(asked.reads, number, partner)
    except UsageError:
        raise HTTPException(404, NO_PAGE) from None
    values = {
        "session": session,
        "locations": await locations(asked.reads, session),
        "newest": await operator.newest_reads(asked.reads, partner, number),
        "rates": await operator.read_rates(asked.reads, partner, number, MINUTES),
        "seconds": operator.RATE_SECONDS,
        "gaps": GAPS,
    }
    return Page(template="operator/session.html", here="timing", values=values, is_live=True)
