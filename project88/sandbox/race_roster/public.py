"""The public results of Race Roster, which ask for no login: events, rows, one result in full. Knows no socket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from project88.sandbox.faults import Strikes
from project88.sandbox.race_roster.rows import GENDERS, duration, event_code
from project88.sandbox.race_roster.settings import RaceRosterSettings
from project88.sandbox.registration.entities import Category, Edition
from project88.sandbox.registration.ranking import Placed, Rankings, division_of
from project88.sandbox.registration.world import RegistrationWorld
from project88.sandbox.service.fault_effects import alter, page_size, reshape, rows_at, total_of
from project88.sandbox.service.listings import Rendered
from project88.sandbox.service.replies import Refused
from project88.sandbox.service.rows import Row

LIMITS = ("50", "100", "250", "500", "1000")
FIRST_RESULT_EVENT = 500_000
GENDER_WORDS = {"M": "Male", "F": "Female", "X": "Non-binary"}
COLUMNS = ("overallPlace", "bib", "name", "chipTime", "genderPlace", "divisionPlace", "division")


class PublicResults:
    """Answers the paths below the public base. ``get`` gives a body or Refused."""

    def __init__(self, world: RegistrationWorld, rankings: Rankings, settings: RaceRosterSettings) -> None:
        self._world = world
        self._rankings = rankings
        self._settings = settings

    def get(self, segments: Sequence[str], query: Mapping[str, str], strikes: Strikes) -> object:
        match segments:
            case ["events", code]:
                return {"data": {"event": _event_row(self._event(code))}}
            case ["events", code, "sub-events", sub_event_id]:
                return {"data": self._sub_event(_category(self._event(code), sub_event_id))}
            case ["events", code, "participant-search"]:
                return {"data": self._search(self._event(code), query.get("phrase", ""))}
            case ["events", code, "detail", result_id]:
                return {"data": self._detail(self._event(code), result_id)}
            case ["result-events", result_event_id, "sub-events", sub_event_id, "results"]:
                category = _category(self._result_event(result_event_id), sub_event_id)
                return self._results(category, query, strikes)
            case _:
                raise Refused(404, "Not found.")

    def _event(self, code: str) -> Edition:
        for edition in self._world.editions.values():
            if event_code(edition) == code and not edition.is_private:
                return edition
        raise Refused(404, "Event not found.")

    def _result_event(self, result_event_id: str) -> Edition:
        for edition in self._world.editions.values():
            if str(_result_event_id(edition)) == result_event_id and not edition.is_private:
                return edition
        raise Refused(404, "Result event not found.")

    def _sub_event(self, category: Category) -> Row:
        return {
            "id": int(category.category_id),
            "name": category.name,
            "distance": category.distance_m / 1000,
            "distanceUnit": "km",
            "resultCount": len(category.results),
            "columns": list(COLUMNS),
            "filters": [],
        }

    def _results(self, category: Category, query: Mapping[str, str], strikes: Strikes) -> object:
        """Only ``start`` and a limit of the fixed list are taken."""
        limit, start = query.get("limit", LIMITS[0]), query.get("start", "0")
        if limit not in LIMITS or not start.isdecimal() or {"page", "offset"} & set(query):
            raise Refused(400, "The paging parameters are not valid.")
        everybody = self._rankings.of(category)
        phrase = query.get("filter_search", "").casefold()
        found = [each for each in everybody if phrase in _name(each).casefold()] if phrase else everybody
        listing = reshape(
            Rendered(found, self._row, lambda each: each.result.registration.registration_id),
            strikes,
        )
        rows = rows_at(listing, int(start), page_size(int(limit), strikes), strikes)
        return {
            "data": alter(rows, strikes),
            "meta": {
                "totalResults": total_of(len(everybody), strikes),
                "filteredResults": total_of(len(found), strikes),
            },
        }

    def _row(self, placed: Placed) -> Row:
        result, registration = placed.result, placed.result.registration
        person, unplaced = registration.person, self._settings.unplaced
        is_number = self._settings.gender_key == "genderSexId"
        return {
            "id": result.result_id,
            "overallPlace": unplaced if placed.overall is None else placed.overall,
            "genderPlace": unplaced if placed.gender is None else placed.gender,
            "divisionPlace": unplaced if placed.division is None else placed.division,
            "name": _name(placed),
            "initials": f"{person.first_name[:1]}{person.last_name[:1]}",
            "division": division_of(registration),
            "bib": registration.bib or "",
            "fromCity": person.city,
            "fromProvState": person.state,
            "chipTime": "" if result.outcome else duration(result.chip_ms),
            "gunTime": "" if result.outcome else duration(result.gun_ms),
            "overallPace": "",
            self._settings.gender_key: GENDERS[person.gender] if is_number else GENDER_WORDS[person.gender],
            "hasAward": False,
        }

    def _search(self, edition: Edition, phrase: str) -> Row:
        placed = [each for category in edition.categories for each in self._rankings.of(category)]
        exact = [each for each in placed if phrase in (_name(each), each.result.registration.bib)]
        other = [each for each in placed if phrase.casefold() in _name(each).casefold() and each not in exact]
        return {"exact": [self._row(each) for each in exact], "other": [self._row(each) for each in other]}

    def _detail(self, edition: Edition, result_id: str) -> Row:
        for category in edition.categories:
            for placed in self._rankings.of(category):
                if placed.result.result_id == result_id:
                    return self._detail_row(placed)
        raise Refused(404, "Participant not found.")

    def _detail_row(self, placed: Placed) -> Row:
        result, registration = placed.result, placed.result.registration
        person = registration.person
        return {
            "result": {
                **self._row(placed),
                "gunTimeSec": None if result.outcome or result.gun_ms is None else result.gun_ms / 1000,
                "overallPaceUnits": "min/km",
                "raceStatus": result.outcome or "COMPLETE",
            },
            "participant": {
                "firstName": person.first_name,
                "lastName": person.last_name,
                "age": registration.age,
                "gender": GENDER_WORDS[person.gender],
                "fromCountry": person.country,
                "teamName": person.team,
            },
            "stats": {},
            "finisherCertificate": None,
            "segmentResults": [
                {"name": split.name, "chipTime": duration(result.splits_ms.get(split.name))}
                for split in registration.category.splits
            ],
        }


def _category(edition: Edition, sub_event_id: str) -> Category:
    for category in edition.categories:
        if category.category_id == sub_event_id:
            return category
    raise Refused(404, "Sub-event not found.")


def _result_event_id(edition: Edition) -> int | None:
    """An event has its number in the results once something was posted."""
    has_results = any(category.result_set_id for category in edition.categories)
    return FIRST_RESULT_EVENT + int(edition.event_id) if has_results else None


def _event_row(edition: Edition) -> Row:
    return {
        "uniqueCode": event_code(edition),
        "name": edition.name,
        "resultEventId": _result_event_id(edition),
        "subEvents": [{"id": int(each.category_id), "name": each.name} for each in edition.categories],
    }


def _name(placed: Placed) -> str:
    person = placed.result.registration.person
    return f"{person.first_name} {person.last_name}"
