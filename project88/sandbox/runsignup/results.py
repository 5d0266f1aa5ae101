"""The results calls of RunSignUp: sets, rows with dynamic columns, splits, the feed of changes. Knows no socket."""

from __future__ import annotations

from collections.abc import Sequence

from project88.sandbox.registration.entities import Category
from project88.sandbox.registration.ranking import Placed, division_of
from project88.sandbox.runsignup.errors import number, refusal
from project88.sandbox.runsignup.text import duration, flag, number_or_text
from project88.sandbox.runsignup.view import View
from project88.sandbox.service.fault_effects import total_of
from project88.sandbox.service.listings import Rendered
from project88.sandbox.service.rows import Row

FEED_CAP = 5000
HEADERS = {
    "place": "Place",
    "bib": "Bib",
    "first_name": "First Name",
    "last_name": "Last Name",
    "gender": "Gender",
    "city": "City",
    "state": "State",
    "country_code": "Country",
    "clock_time": "Clock Time",
    "chip_time": "Chip Time",
    "pace": "Pace",
    "age": "Age",
}
GENDER_PLACE, DIVISION_PLACE, DIVISION, TEAM = "Gender Place", "Division Place", "Division", "Team"


def has_result_sets(view: View, race_id: str) -> object:
    categories = [each for edition in view.race(race_id) for each in edition.categories]
    return {"has_results": flag(any(category.results for category in categories))}


def result_sets(view: View, race_id: str) -> object:
    return {"individual_results_sets": [_set_row(category) for category in _with_sets(view, race_id)]}


def results(view: View, race_id: str) -> object:
    """The sets of an event with one page of rows each, all or the one that is asked for."""
    wanted = view.query.get("individual_result_set_id")
    categories = [each for each in _with_sets(view, race_id) if wanted in (None, each.result_set_id)]
    return {"individual_results_sets": [_filled_set(view, category) for category in categories]}


def result_set_splits(view: View, race_id: str) -> object:
    wanted = view.query.get("individual_result_set_id")
    rows = [
        {
            "split_id": int(split.split_id),
            "split_name": split.name,
            "split_distance": f"{split.distance_m:g}",
            "split_distance_units": "M",
            "pace_type": "M",
        }
        for category in _with_sets(view, race_id)
        if category.result_set_id == wanted
        for split in category.splits
    ]
    return {view.settings.splits_key: rows}


def updated_result_sets(view: View, _: str) -> object:
    """All sets of public races by the instant of their last change: the only feed across races."""
    since, until = (_second(view, f"modified_{word}_timestamp") for word in ("since", "until"))
    sets = [
        category
        for category in view.world.categories.values()
        if category.result_set_id
        and view.is_public([category.edition])
        and since <= category.results_modified_s <= (until or category.results_modified_s)
    ]
    sets.sort(key=lambda category: (category.results_modified_s, category.result_set_id))
    size = min(number(view.query, "num_per_page", FEED_CAP), FEED_CAP)
    start = (number(view.query, "page", 1) - 1) * size
    return {"result_sets": [_feed_row(category) for category in sets[start : start + size]]}


def _second(view: View, name: str) -> int:
    text = view.query.get(name, "")
    return int(text) if text.isdecimal() else 0


def _with_sets(view: View, race_id: str) -> list[Category]:
    categories = [each for each in view.categories(view.race(race_id)) if each.result_set_id]
    if not categories and view.settings.without_sets_code is not None:
        raise refusal(view.settings.without_sets_code, "No result sets found.")
    return categories


def _set_row(category: Category) -> Row:
    return {
        "individual_result_set_id": int(category.result_set_id),
        "individual_result_set_name": f"{category.name} Overall",
        "public_results": "T",
        "preliminary_results": flag(category.is_preliminary),
        "results_source_name": None,
        "results_source_url": None,
        "pace_type": "M",
        "alt_event_ids": [],
        "sort_order": 0,
        "hide_splits_in_results": "F",
        "hide_event_names": "F",
        "team_column_display_type": None,
    }


def _filled_set(view: View, category: Category) -> Row:
    placed = _filtered(view, view.rankings.of(category))
    columns = _columns(category)
    listing = Rendered(placed, lambda each: _row(each, columns), lambda each: each.result.registration.registration_id)
    rows = view.page(listing, view.settings.results_page_size, view.settings.results_page_cap)
    registrations = {int(each.result.result_id): int(each.result.registration.registration_id) for each in placed}
    filled: Row = {
        **_set_row(category),
        "results_headers": {**HEADERS, **{key: label for label, key in columns.items()}},
        "results": rows,
        "registration_ids": [registrations.get(_whole(row.get("result_id"))) for row in rows],
    }
    if view.has("include_total_finishers"):
        filled["num_finishers"] = total_of(sum(each.overall is not None for each in placed), view.strikes)
    return filled


def _filtered(view: View, placed: Sequence[Placed]) -> list[Placed]:
    since = view.since() if view.settings.results_modified_filter else None
    first, last = view.query.get("first_name"), view.query.get("last_name")
    return [
        each
        for each in placed
        if (since is None or each.result.modified_s >= since)
        and first in (None, each.result.registration.person.first_name)
        and last in (None, each.result.registration.person.last_name)
    ]


def _columns(category: Category) -> dict[str, str]:
    """The dynamic columns of a set, label to key. Ids differ from set to set, labels do not."""
    number = category.result_set_id
    return {
        GENDER_PLACE: f"division-{number}1-placement",
        DIVISION_PLACE: f"division-{number}2-placement",
        DIVISION: f"custom-field-{number}1",
        TEAM: f"custom-field-{number}2",
        **{split.name: f"split-{split.split_id}" for split in category.splits},
    }


def _row(placed: Placed, columns: dict[str, str]) -> Row:
    result, registration = placed.result, placed.result.registration
    person = registration.person
    row: Row = {
        "result_id": int(result.result_id),
        "place": placed.overall,
        "bib": number_or_text(registration.bib),
        "first_name": person.first_name,
        "last_name": person.last_name,
        "gender": person.gender,
        "city": person.city or None,
        "state": person.state or None,
        "country_code": person.country or None,
        "clock_time": result.outcome or duration(result.gun_ms),
        "chip_time": result.outcome or duration(result.chip_ms),
        "pace": None,
        "age": registration.age,
        columns[GENDER_PLACE]: placed.gender,
        columns[DIVISION_PLACE]: placed.division,
        columns[DIVISION]: division_of(registration) or None,
        columns[TEAM]: person.team or None,
    }
    for split in registration.category.splits:
        row[columns[split.name]] = duration(result.splits_ms.get(split.name))
    return row


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _feed_row(category: Category) -> Row:
    return {
        "individual_result_set_id": int(category.result_set_id),
        "race_id": int(category.edition.series_id),
        "event_id": int(category.category_id),
        "race_name": category.edition.name,
        "individual_result_set_name": f"{category.name} Overall",
        "last_modified_ts": category.results_modified_s,
    }
