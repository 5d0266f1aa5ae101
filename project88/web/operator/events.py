"""Events: the list, what was and will be asked for, what changed, what the sources say, and its polls' buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any, Literal
from urllib.parse import quote

from starlette.exceptions import HTTPException

from project88.errors import UsageError
from project88.records.entities import TimingPartnerId
from project88.schedule.coming import coming
from project88.store import duplicates, operator, plan, users
from project88.store.changes import changes, first_seen
from project88.store.duplicates import Pair
from project88.store.events import StoredEvent
from project88.store.plan import PlanKey
from project88.store.reconcile import reconcile
from project88.store.timing import HARDWARE
from project88.web.choices import read_page
from project88.web.operator.asked import NO_PAGE, Asked, Deed, Page
from project88.web.operator.forms import Form

EVENTS_ON_A_PAGE = 50
ATTEMPTS, COMING, CHANGES, ACTIONS, DIFFERENCES = 50, 6, 200, 20, 100
LONGEST_WORDS = 100
TOLERANCE = timedelta(seconds=2)

Word = Literal["sync", "pause", "resume"]
#: What each button says it did.
SAID: dict[Word, str] = {"sync": "are due now", "pause": "are paused", "resume": "go on now"}


async def listed(asked: Asked) -> Page:
    page = read_page(asked.request.query_params.get("page", "1"))
    words = asked.request.query_params.get("q", "").strip()
    if len(words) > LONGEST_WORDS or "\0" in words:
        raise UsageError("Search for fewer letters.")
    found = await operator.events(
        asked.reads, asked.partner, words, EVENTS_ON_A_PAGE + 1, (page - 1) * EVENTS_ON_A_PAGE
    )
    values = {
        "events": found[:EVENTS_ON_A_PAGE],
        "has_more": len(found) > EVENTS_ON_A_PAGE,
        "words": words,
        "page": page,
    }
    return Page(template="operator/events.html", here="events", values=values)


async def timeline(asked: Asked) -> Page:
    event = await asked.event()
    ahead = await coming(asked.reads, event)
    values = {
        "event": event,
        "place": place_of(event.timing_partner_id, event.event_id),
        "zone": ahead.times.event_time_zone or ahead.times.partner_time_zone,
        "polls": await plan.listed(asked.reads, timing_partner_id=event.timing_partner_id, event_id=event.event_id),
        "coming": list(islice(ahead.polls(), COMING)),
        "why_not": ahead.why_not,
        "attempts": await operator.attempts(asked.reads, event, ATTEMPTS),
        "attempts_shown": ATTEMPTS,
        "needs": await operator.preparations(asked.reads, event) if event.data_source == HARDWARE else None,
        "alike": await _waiting_pairs(asked, event),
        "actions": await users.actions(asked.db, event.timing_partner_id, f"event {event.event_id}", ACTIONS),
    }
    return Page(template="operator/timeline.html", here="events", values=values, is_live=True)


async def _waiting_pairs(asked: Asked, event: StoredEvent) -> list[Pair]:
    """Of the event with others that it may be, as long as nobody has decided."""
    found = await duplicates.pairs(asked.reads, event.timing_partner_id, event.event_id)
    return [pair for pair in found if event.event_id in (pair.event_id, pair.live_event_id)]


async def history(asked: Asked) -> Page:
    event = await asked.event()
    bib = asked.request.query_params.get("bib", "").strip() or None
    if bib is not None and (len(bib) > LONGEST_WORDS or "\0" in bib):
        raise UsageError("This is no bib.")
    every = "every" in asked.request.query_params
    values = {
        "event": event,
        "place": place_of(event.timing_partner_id, event.event_id),
        "bib": bib,
        "every": every,
        "changes": await changes(asked.reads, event, bib, CHANGES, every=every),
        "changes_read": CHANGES,
        "seen": [] if bib is None else await first_seen(asked.reads, event, bib),
    }
    return Page(template="operator/changes.html", here="events", values=values)


async def reconciliation(asked: Asked) -> Page:
    event = await asked.event()
    values = {
        "event": event,
        "place": place_of(event.timing_partner_id, event.event_id),
        "found": await reconcile(asked.reads, event, TOLERANCE),
        "rows": DIFFERENCES,
    }
    return Page(template="operator/reconcile.html", here="events", values=values)


async def act_on_event(asked: Asked, _form: Form) -> Deed:
    """All polls of an event: now, not until somebody says so, or those that wait for that."""
    event, word = await asked.event(), _word(asked)
    rows = await plan.listed(asked.reads, timing_partner_id=event.timing_partner_id, event_id=event.event_id)
    return Deed(
        timing_partner_id=event.timing_partner_id,
        action=word,
        subject=f"event {event.event_id}",
        back=place_of(event.timing_partner_id, event.event_id),
        carry_out=partial(_carry_out, asked, word, [row for row in rows if _concerns(word, row["state"])]),
    )


async def act_on_poll(asked: Asked, _form: Form) -> Deed:
    """One poll, which may be of no event: the list of events of an account."""
    partner, word = asked.partner_of_path(), _word(asked)
    number = asked.number_of_path("schedule_plan_id")
    rows = await plan.listed(asked.reads, timing_partner_id=partner)
    row = next((each for each in rows if each["schedule_plan_id"] == number), None)
    if row is None:
        raise HTTPException(404, NO_PAGE)
    of_event = row["event_id"] is not None
    return Deed(
        timing_partner_id=partner,
        action=f"{word} {row['kind']}",
        subject=f"event {row['event_id']}" if of_event else f"events of {row['provider_key']}",
        back=place_of(partner, row["event_id"]) if of_event else "/operator/polls",
        carry_out=partial(_carry_out, asked, word, [row]),
    )


async def polls(asked: Asked) -> Page:
    """What is planned across the events: what runs or is late first, and what failed."""
    rows = await plan.listed(
        asked.reads,
        timing_partner_id=asked.partner,
        states=["running", "parked", "queued", "waiting"],
        at_most=ATTEMPTS * 4,
    )
    values = {"polls": rows, "rows": ATTEMPTS * 4}
    return Page(template="operator/polls.html", here="polls", values=values, is_live=True)


async def _carry_out(asked: Asked, word: Word, rows: Sequence[Mapping[str, Any]]) -> str:
    keys = [
        PlanKey(timing_partner_id=row["timing_partner_id"], schedule_plan_id=row["schedule_plan_id"]) for row in rows
    ]
    if word == "pause":
        changed = await plan.park(asked.db, keys, f"paused by {asked.visitor.user.email}")
    else:
        changed = await plan.poll_now(asked.db, keys)
    if not changed:
        raise UsageError("nothing was changed: no such poll is planned, or it has ended or runs just now")
    return f"{changed} {'poll' if changed == 1 else 'polls'}: {SAID[word]}"


def _word(asked: Asked) -> Word:
    for word in SAID:
        if word == asked.request.path_params["word"]:
            return word
    raise HTTPException(404, NO_PAGE)


def _concerns(word: Word, state: str) -> bool:
    return state == "parked" if word == "resume" else True


def place_of(timing_partner_id: TimingPartnerId, event_id: str) -> str:
    return f"/operator/events/{timing_partner_id}/{quote(event_id, safe='')}"
