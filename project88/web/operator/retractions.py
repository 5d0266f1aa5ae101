"""Rows that vanished upstream in a mass: the list, and the two decisions."""

from __future__ import annotations

from functools import partial

from starlette.exceptions import HTTPException

from project88.store import retractions
from project88.store.retractions import Decision, Retraction
from project88.web.operator.asked import NO_PAGE, Asked, Deed, Page
from project88.web.operator.forms import Form

DECISIONS: dict[str, Decision] = {"apply": "applied", "dismiss": "dismissed"}


async def listed(asked: Asked) -> Page:
    every = "all" in asked.request.query_params
    found = await retractions.retractions(asked.reads, asked.partner, decided_too=every)
    return Page(template="operator/retractions.html", here="retractions", values={"retractions": found, "every": every})


async def decide(asked: Asked, _form: Form) -> Deed:
    partner, number = asked.partner_of_path(), asked.number_of_path("held_retraction_id")
    word = asked.request.path_params["word"]
    found = await retractions.retractions(asked.reads, partner, decided_too=True)
    wanted = next((each for each in found if each.held_retraction_id == number), None)
    if wanted is None or word not in DECISIONS:
        raise HTTPException(404, NO_PAGE)
    return Deed(
        timing_partner_id=partner,
        action=f"{word} retraction {number}",
        subject=f"event {wanted.event_id}",
        back="/operator/retractions",
        carry_out=partial(_carry_out, asked, wanted, DECISIONS[word]),
    )


async def _carry_out(asked: Asked, wanted: Retraction, decision: Decision) -> str:
    done = await retractions.decide(asked.db, wanted.held_retraction_id, decision, wanted.timing_partner_id)
    what = f"retraction {done.held_retraction_id} of event {done.event_id}"
    if decision == "dismissed":
        return f"{what} is dismissed: {done.rows_named} {done.stream} stay visible"
    return f"{what} is applied: {done.rows_retracted} of {done.rows_named} {done.stream} are hidden"
