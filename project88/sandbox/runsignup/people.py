"""The participant calls of RunSignUp: who is registered, who was removed, how many there are. Knows no socket."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from project88.sandbox.registration.entities import Registration
from project88.sandbox.runsignup.rows import participant_row, removed_row
from project88.sandbox.runsignup.view import View
from project88.sandbox.service.fault_effects import total_of
from project88.sandbox.service.listings import Rendered
from project88.sandbox.service.rows import Row


def participants(view: View, race_id: str) -> object:
    """The real rows stand beside ``event``, whose own list is always empty."""
    groups = _groups(view, race_id, lambda each: each.is_registered, participant_row)
    return _shaped(
        view,
        [
            {"event": {"event_id": event_id, "participants": []}, "participants": rows}
            for event_id, rows in groups.items()
        ],
    )


def removed_participants(view: View, race_id: str) -> object:
    """The other way round: the rows stand inside ``event``."""
    groups = _groups(view, race_id, lambda each: not each.is_registered, removed_row)
    return _shaped(view, [{"event": {"event_id": event_id, "participants": rows}} for event_id, rows in groups.items()])


def participant_counts(view: View, race_id: str) -> object:
    editions = view.own_race(race_id)
    wanted = (
        view.categories(editions)
        if "event_id" in view.query
        else [category for edition in editions for category in edition.categories]
    )
    rows = [
        {
            "event_id": int(category.category_id),
            view.settings.count_field: total_of(
                sum(each.is_registered for each in category.registrations), view.strikes
            ),
        }
        for category in wanted
    ]
    return {view.settings.counts_key: rows}


def _groups(
    view: View,
    race_id: str,
    belongs: Callable[[Registration], bool],
    render: Callable[[Registration, bool], Row],
) -> dict[object, list[Row]]:
    """One page of rows by their event, in the order of the page."""
    categories = view.categories(view.own_race(race_id))
    chosen = [each for category in categories for each in category.registrations if belongs(each)]
    shows_x = view.has("supports_nb")
    listing = Rendered(
        _ordered(view, _filtered(view, chosen)), lambda each: render(each, shows_x), lambda each: each.registration_id
    )
    settings = view.settings
    groups: dict[object, list[Row]] = {}
    for row in view.page(listing, settings.participants_page_size, settings.participants_page_cap):
        groups.setdefault(row["event_id"], []).append(row)
    return groups


def _filtered(view: View, registrations: Iterable[Registration]) -> list[Registration]:
    since = view.since()
    after = view.query.get("after_registration_id", "")
    after_id = int(after) if after.isdecimal() else 0
    return [
        each
        for each in registrations
        if int(each.registration_id) > after_id and (since is None or each.modified_s >= since)
    ]


def _ordered(view: View, registrations: Sequence[Registration]) -> list[Registration]:
    """By id where that is asked for, else the newest first, so that who pages without the order sees rows move."""
    name, _, direction = view.query.get("sort", "").partition(" ")
    is_ascending = name == "registration_id" and direction.strip().upper() != "DESC"
    return sorted(registrations, key=lambda each: int(each.registration_id), reverse=not is_ascending)


def _shaped(view: View, elements: list[dict[str, object]]) -> object:
    if view.settings.participants_shape == "list":
        return elements
    return elements[0] if elements else {}
