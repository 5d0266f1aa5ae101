"""The race calls of RunSignUp: the list, one race, and its events. Knows no socket."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from project88.sandbox.registration.entities import Edition
from project88.sandbox.runsignup.errors import BAD_DATE, refusal
from project88.sandbox.runsignup.rows import race_row
from project88.sandbox.runsignup.view import View
from project88.sandbox.service.listings import Rendered
from project88.sandbox.service.rows import Row

DATE_FORMS = ("%Y-%m-%d", "%m/%d/%Y")


def races(view: View, _: str) -> object:
    """With credentials the account's own races, without any all public ones."""
    shown = [editions for editions in _all(view) if _is_listed(view, editions)]
    first, last = _day(view, "start_date") or view.today, _day(view, "end_date") or date.max
    shown = [editions for editions in shown if any(first <= edition.day <= last for edition in editions)]
    name, _space, direction = view.query.get("sort", "").partition(" ")
    if name == "date":
        shown.sort(key=lambda editions: editions[-1].day, reverse=direction.strip().upper() == "DESC")
    listing = Rendered(shown, lambda editions: _listed(view, editions), lambda editions: editions[-1].series_id)
    settings = view.settings
    return {"races": [{"race": row} for row in view.page(listing, settings.races_page_size, settings.races_page_cap)]}


def race(view: View, race_id: str) -> object:
    """One race with the events of all its editions, unless fewer are asked for."""
    editions = view.race(race_id)
    shown: Sequence[Edition] = editions
    if view.has("future_events_only"):
        shown = [edition for edition in editions if edition.day >= view.today]
    elif view.has("most_recent_events_only"):
        shown = _current(view, editions)
    return {"race": race_row(editions, view.today, shown)}


def _all(view: View) -> list[list[Edition]]:
    """The editions by race, in the order of the race ids."""
    series: dict[str, list[Edition]] = {}
    for edition in view.world.editions.values():
        series.setdefault(edition.series_id, []).append(edition)
    return [series[series_id] for series_id in sorted(series, key=int)]


def _is_listed(view: View, editions: Sequence[Edition]) -> bool:
    return view.is_public(editions) if view.account is None else view.reaches(editions)


def _listed(view: View, editions: Sequence[Edition]) -> Row:
    shown = _current(view, editions) if view.has("events") else None
    return race_row(editions, view.today, shown)


def _current(view: View, editions: Sequence[Edition]) -> list[Edition]:
    """The next edition, or the last one when none is to come."""
    following = [edition for edition in editions if edition.day >= view.today]
    if following:
        return [min(following, key=lambda edition: edition.day)]
    return [max(editions, key=lambda edition: edition.day)]


def _day(view: View, name: str) -> date | None:
    text = view.query.get(name)
    if text is None:
        return None
    if text == "today":
        return view.today
    for form in DATE_FORMS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            continue
    raise refusal(BAD_DATE, f"{name} is not a date.")
