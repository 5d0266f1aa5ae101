"""Events that reach us from two sources: the list, why two look alike, and the three decisions."""

from __future__ import annotations

from functools import partial

from starlette.exceptions import HTTPException

from project88.errors import UsageError
from project88.store import duplicates
from project88.store.duplicates import LIKENESS, Pair
from project88.store.event_moves import Moved
from project88.web.operator.asked import NO_PAGE, Asked, Deed, Page
from project88.web.operator.forms import Form

LONGEST_REASON = 500
#: By the address of each.
ACTIONS = ("merge", "keep-both", "undo")


async def listed(asked: Asked) -> Page:
    every = "all" in asked.request.query_params
    found = await duplicates.pairs(asked.reads, asked.partner, decided_too=every)
    values = {"pairs": found, "every": every, "likeness": LIKENESS}
    return Page(template="operator/duplicates.html", here="duplicates", values=values)


async def shown(asked: Asked) -> Page:
    pair = await _pair(asked)
    own, hardware = await duplicates.holdings(asked.reads, pair)
    values = {
        "pair": pair,
        "place": _place(pair),
        "own": own,
        "hardware": hardware,
        "why": LIKENESS[pair.likeness],
        "is_merged_elsewhere": any(other["decision"] == "merged" for other in pair.others),
        "apart": None
        if pair.start_date is None or pair.hardware_start_date is None
        else abs(pair.start_date - pair.hardware_start_date),
    }
    return Page(template="operator/duplicate.html", here="duplicates", values=values)


async def decide(asked: Asked, form: Form) -> Deed:
    pair, word = await _pair(asked), asked.request.path_params["word"]
    reason = form.get("reason", "").strip() or None
    if word not in ACTIONS:
        raise HTTPException(404, NO_PAGE)
    if reason is not None and len(reason) > LONGEST_REASON:
        raise UsageError("The reason is too long.")
    return Deed(
        timing_partner_id=pair.timing_partner_id,
        action=word,
        subject=f"event {pair.event_id}",
        back=_place(pair),
        carry_out=partial(_carry_out, asked, pair, word, reason),
    )


async def _carry_out(asked: Asked, pair: Pair, word: str, reason: str | None) -> str:
    by = asked.visitor.user.email
    if word == "merge":
        moved = await duplicates.merge(asked.db, pair, by, reason)
        return f"event {pair.provider_event_id} is merged into event {pair.event_id}{_rows(moved)}"
    if word == "keep-both":
        await duplicates.keep_both(asked.db, pair, by, reason)
        return f"event {pair.provider_event_id} and event {pair.event_id} are two events"
    moved = await duplicates.undo(asked.db, pair, by)
    return f"the decision on event {pair.provider_event_id} is undone{_rows(moved)}"


def _rows(moved: Moved) -> str:
    if not (moved.races or moved.participants or moved.results):
        return ""
    return f"; concerned: {moved.races} races, {moved.participants} participants, {moved.results} results"


async def _pair(asked: Asked) -> Pair:
    partner, number = asked.partner_of_path(), asked.number_of_path("event_source_id")
    found = await duplicates.pairs(asked.reads, partner, decided_too=True)
    pair = next((each for each in found if each.event_source_id == number), None)
    if pair is None:
        raise HTTPException(404, NO_PAGE)
    return pair


def _place(pair: Pair) -> str:
    return f"/operator/duplicates/{pair.timing_partner_id}/{pair.event_source_id}"
