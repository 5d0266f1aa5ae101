"""The world of registrations: editions found by id, and the edits made to them. Serves nothing, ranks nothing."""

from __future__ import annotations

from itertools import count
from typing import TypeVar, assert_never

import msgspec

from project88.errors import UsageError
from project88.sandbox.clock import Clock, SandboxClock
from project88.sandbox.registration.edits import (
    AddEvent,
    AssignBib,
    Cancel,
    ChangePerson,
    ChangeResult,
    Edit,
    NewCategory,
    PostResults,
    Register,
    Remove,
    RemoveResult,
    Timed,
    Transfer,
)
from project88.sandbox.registration.entities import Category, Edition, Person, Registration, Result, Split, Status

FIRST_SERIES_ID = 81_201
FIRST_EVENT_ID = 88_401
FIRST_CATEGORY_ID = 910_001
FIRST_SPLIT_ID = 640_001
FIRST_RESULT_SET_ID = 530_001
FIRST_REGISTRATION_ID = 71_000_001
FIRST_ACCOUNT_ID = 42_000_001
FIRST_RESULT_ID = 66_000_001
METRES_PER_KM = 1000

Item = TypeVar("Item")


class RegistrationWorld:
    """Editions with everything in them. ``apply`` takes effect at once and stamps what it changes.

    ``version`` rises with every edit, so that whoever keeps a list knows when it is stale.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or SandboxClock()
        self.version = 0
        self.editions: dict[str, Edition] = {}
        self.categories: dict[str, Category] = {}
        self.registrations: dict[str, Registration] = {}
        self._series = count(FIRST_SERIES_ID)
        self._events = count(FIRST_EVENT_ID)
        self._categories = count(FIRST_CATEGORY_ID)
        self._splits = count(FIRST_SPLIT_ID)
        self._sets = count(FIRST_RESULT_SET_ID)
        self._registrations = count(FIRST_REGISTRATION_ID)
        self._accounts = count(FIRST_ACCOUNT_ID)
        self._results = count(FIRST_RESULT_ID)

    def apply(self, *edits: Edit) -> list[str]:
        """Make the edits in their order; each gives the id of what it added or changed.

        A transfer gives its successor. An id that does not exist raises UsageError.
        """
        return [self._apply(edit) for edit in edits]

    def apply_json(self, raw: bytes) -> None:
        """Make one edit or a list of them, as JSON."""
        edits = msgspec.json.decode(raw, type=Edit | list[Edit])
        self.apply(*(edits if isinstance(edits, list) else [edits]))

    def of_series(self, series_id: str) -> list[Edition]:
        """The editions of a series in the order in which they were added."""
        return [edition for edition in self.editions.values() if edition.series_id == series_id]

    def registration(self, registration_id: str) -> Registration:
        return _found(self.registrations, registration_id, "registration")

    def category(self, category_id: str) -> Category:
        return _found(self.categories, category_id, "category")

    def _apply(self, edit: Edit) -> str:
        self.version += 1
        match edit:
            case AddEvent():
                return self._add_event(edit)
            case Register():
                return self._register(edit)
            case PostResults():
                return self._post(edit)
            case ChangeResult(line=line):
                return self._change_result(line)
            case RemoveResult(registration_id=registration_id):
                return self._remove_result(registration_id)
            case _:
                return self._change(edit)

    def _change(self, edit: AssignBib | ChangePerson | Remove | Transfer | Cancel) -> str:
        registration = self.registration(edit.registration_id)
        match edit:
            case AssignBib(bib=bib, chip=chip):
                registration.bib, registration.chip = bib, chip
            case ChangePerson(changes=changes):
                registration.person = _changed(registration.person, changes)
            case Remove(reason=reason):
                self._end(registration, "deferred" if reason == "deferred" else "removed", reason)
            case Cancel():
                self._end(registration, "cancelled", "cancelled")
            case Transfer():
                return self._transfer(registration, edit)
            case _:
                assert_never(edit)
        registration.modified_s = self._now_s()
        return registration.registration_id

    def _end(self, registration: Registration, status: Status, reason: str) -> None:
        if not registration.is_registered:
            raise UsageError(f"registration {registration.registration_id} is {registration.status} already")
        registration.status, registration.reason = status, reason

    def _transfer(self, registration: Registration, edit: Transfer) -> str:
        category = self.category(edit.category_id)
        self._end(registration, "transferred", "transferred")
        bib, chip = (registration.bib, registration.chip) if edit.keeps_bib else (None, None)
        successor = self._new_registration(category, registration.person, registration.account_id)
        successor.bib, successor.chip = bib, chip
        registration.successor_id = successor.registration_id
        registration.modified_s = self._now_s()
        return successor.registration_id

    def _register(self, edit: Register) -> str:
        also = tuple(self.category(category_id) for category_id in edit.also)
        registration = self._new_registration(self.category(edit.category_id), edit.person, str(next(self._accounts)))
        registration.bib, registration.chip, registration.also = edit.bib, edit.chip, also
        return registration.registration_id

    def _new_registration(self, category: Category, person: Person, account_id: str) -> Registration:
        now_s = self._now_s()
        registration = Registration(
            registration_id=str(next(self._registrations)),
            account_id=account_id,
            person=person,
            category=category,
            registered_s=now_s,
            modified_s=now_s,
        )
        category.registrations.append(registration)
        self.registrations[registration.registration_id] = registration
        return registration

    def _add_event(self, edit: AddEvent) -> str:
        now_s = self._now_s()
        edition = Edition(
            event_id=str(next(self._events)),
            series_id=edit.series_id or str(next(self._series)),
            organiser_id=edit.organiser_id,
            name=edit.name,
            start_s=int(edit.starts.timestamp()),
            zone=edit.zone,
            created_s=now_s,
            modified_s=now_s,
            city=edit.city,
            state=edit.state,
            country=edit.country,
            is_private=edit.is_private,
            is_draft=edit.is_draft,
        )
        edition.categories = [self._new_category(edition, category) for category in edit.categories]
        self.editions[edition.event_id] = edition
        return edition.event_id

    def _new_category(self, edition: Edition, new: NewCategory) -> Category:
        category = Category(
            category_id=str(next(self._categories)),
            name=new.name,
            distance=f"{new.distance_m / METRES_PER_KM:g}K" if new.distance is None else new.distance,
            distance_m=new.distance_m,
            start_s=edition.start_s + new.starts_after_seconds,
            edition=edition,
            splits=tuple(
                Split(split_id=str(next(self._splits)), name=name, distance_m=metres)
                for name, metres in new.splits.items()
            ),
        )
        self.categories[category.category_id] = category
        return category

    def _post(self, edit: PostResults) -> str:
        category = self.category(edit.category_id)
        found = [self.registration(line.registration_id) for line in edit.lines]
        strangers = [each.registration_id for each in found if each.category is not category]
        if strangers:
            raise UsageError(f"{', '.join(strangers)}: not registered in category {edit.category_id}")
        category.result_set_id = category.result_set_id or str(next(self._sets))
        category.is_preliminary = edit.is_preliminary
        for line in edit.lines:
            self._put(category, line)
        self._touch(category)
        return category.result_set_id

    def _change_result(self, line: Timed) -> str:
        category = self._with_result(line.registration_id)
        self._put(category, line)
        self._touch(category)
        return category.results[line.registration_id].result_id

    def _remove_result(self, registration_id: str) -> str:
        category = self._with_result(registration_id)
        self._touch(category)
        return category.results.pop(registration_id).result_id

    def _with_result(self, registration_id: str) -> Category:
        category = self.registration(registration_id).category
        if registration_id not in category.results:
            raise UsageError(f"registration {registration_id} has no result")
        return category

    def _put(self, category: Category, line: Timed) -> None:
        unknown = set(line.splits) - {split.name for split in category.splits}
        if unknown:
            raise UsageError(f"category {category.category_id} has no split {', '.join(sorted(unknown))}")
        before = category.results.get(line.registration_id)
        category.results[line.registration_id] = Result(
            result_id=before.result_id if before else str(next(self._results)),
            registration=self.registrations[line.registration_id],
            modified_s=self._now_s(),
            chip_ms=_milliseconds(line.seconds),
            gun_ms=_milliseconds(line.seconds if line.gun_seconds is None else line.gun_seconds),
            outcome=line.outcome,
            splits_ms={name: round(seconds * 1000) for name, seconds in line.splits.items()},
        )

    def _touch(self, category: Category) -> None:
        category.version += 1
        category.results_modified_s = self._now_s()

    def _now_s(self) -> int:
        return int(self.clock.now_seconds())


def _found(items: dict[str, Item], identifier: str, what: str) -> Item:
    found = items.get(identifier)
    if found is None:
        raise UsageError(f"{what} {identifier} is unknown")
    return found


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _changed(person: Person, changes: dict[str, str | int | None]) -> Person:
    try:
        return msgspec.convert({**msgspec.to_builtins(person), **changes}, Person)
    except msgspec.ValidationError as error:
        raise UsageError(f"the person cannot be changed: {error}") from error
