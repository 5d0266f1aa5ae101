"""Collecting past events from the page: the plan without a change, the start, the progress."""

from __future__ import annotations

from functools import partial

from project88.backfill import BackfillOptions
from project88.errors import UsageError
from project88.records.entities import TimingPartnerId
from project88.store import operator
from project88.store.partners import partners
from project88.web.operator.asked import LARGEST_ID, Asked, Deed, Page
from project88.web.operator.forms import Form, day_of, number_of

RUNS = 20
WORDS = {"plan": "plan a backfill", "start": "start a backfill", "resume": "resume a backfill"}
PLACE = "/operator/backfill"


async def shown(asked: Asked) -> Page:
    values = {
        "here_runs": asked.backfills.runs(asked.partner),
        "runs": await operator.backfill_runs(asked.reads, asked.partner, RUNS),
        "partners": [row for row in await partners(asked.db) if asked.partner in (None, row["timing_partner_id"])],
    }
    return Page(template="operator/backfill.html", here="backfill", values=values, is_live=True)


async def act(asked: Asked, form: Form) -> Deed:
    word = form.get("word", "")
    if word not in WORDS:
        raise UsageError("Plan, start or resume a backfill.")
    partner = await asked.partner_of_form(form)
    options = _options(form, partner, word)
    return Deed(
        timing_partner_id=partner,
        action=WORDS[word],
        subject="backfill",
        back=PLACE,
        carry_out=partial(_carry_out, asked, options, partner),
    )


async def _carry_out(asked: Asked, options: BackfillOptions, partner: TimingPartnerId | None) -> str:
    asked.backfills.start(options, partner, asked.visitor.user.email)
    return "the plan is being made" if options.dry_run else "the backfill has begun"


def _options(form: Form, partner: TimingPartnerId | None, word: str) -> BackfillOptions:
    if word == "resume":
        return BackfillOptions(timing_partner_id=partner, resume=True)
    return BackfillOptions(
        timing_partner_id=partner,
        limit_events=number_of(form, "limit_events", LARGEST_ID),
        since=day_of(form, "since"),
        dry_run=word == "plan",
    )
