"""A start list in CSV as participants. Pure: reads no file and no table; a row that cannot be read is a Problem."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from project88.errors import BadValue, UsageError
from project88.records import units
from project88.records.entities import DeclaredStatus, Participant, Problem

#: The names that a column may have, without regard to case, spaces and underscores.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "entry_id": ("entryid", "registrationid", "id"),
    "external_id": ("externalid",),
    "bib": ("bib", "bibnumber", "bibno", "racenumber", "number", "startnumber"),
    "race": ("race", "racename", "distance", "raceid", "event"),
    "first_name": ("firstname", "first", "givenname"),
    "last_name": ("lastname", "last", "surname", "familyname"),
    "gender": ("gender", "sex"),
    "age": ("age",),
    "date_of_birth": ("dateofbirth", "dob", "birthdate"),
    "division": ("division", "category", "agegroup"),
    "wave_name": ("wave", "wavename", "corral"),
    "team_name": ("team", "teamname", "club"),
    "status": ("status", "entrystatus"),
    "email": ("email",),
    "phone": ("phone",),
    "city": ("city",),
    "state": ("state", "region"),
    "country": ("country", "nationality"),
    "postal_code": ("postalcode", "zip", "zipcode"),
}
FIELD_OF = {alias: field for field, aliases in COLUMNS.items() for alias in aliases}
READERS: Mapping[str, Callable[[str], Any]] = {"age": units.integer, "date_of_birth": units.calendar_date}
DECLARED: Mapping[str, DeclaredStatus] = {
    "confirmed": "confirmed",
    "conf": "confirmed",
    "dnf": "dnf",
    "dq": "dq",
    "dsq": "dq",
}
GENDERS: Mapping[str, str] = {
    **dict.fromkeys(("male", "man", "m"), "M"),
    **dict.fromkeys(("female", "woman", "f", "w"), "F"),
    **dict.fromkeys(("nonbinary", "x"), "X"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StartList:
    """``ignored`` are columns that nothing is known of; they stay in the raw rows."""

    participants: Sequence[Participant]
    problems: Sequence[Problem]
    ignored: Sequence[str]


def read_start_list(data: bytes, races: Mapping[str, str], race: str | None = None) -> StartList:
    """``races`` are ids by name; ``race`` is the id of all rows that name none. Raises UsageError for no start list."""
    rows = csv.DictReader(io.StringIO(_text(data)))
    names = {name: FIELD_OF.get(_plain(name)) for name in rows.fieldnames or ()}
    if "bib" not in names.values():
        raise UsageError("the file has no column bib: name it in the first line, such as bib,first_name,last_name")
    found: dict[str, Participant] = {}
    problems: list[Problem] = []
    for row in _rows(rows):
        try:
            participant = _participant(row, names, races, race)
            if participant.entry_id in found:
                raise BadValue(f"{participant.entry_id} stands in an earlier row too")
            found[participant.entry_id] = participant
        except BadValue as error:
            problems.append(Problem(stream="participants", reason=str(error), raw=_raw(row)))
    ignored = [name for name, field in names.items() if field is None and name]
    return StartList(participants=list(found.values()), problems=problems, ignored=ignored)


def _rows(rows: csv.DictReader[str]) -> Iterator[dict[str, str]]:
    """Without the empty ones."""
    for row in rows:
        said = {name: value.strip() for name, value in row.items() if isinstance(name, str) and isinstance(value, str)}
        if any(said.values()):
            yield said


def _participant(
    row: Mapping[str, str], names: Mapping[str, str | None], races: Mapping[str, str], race: str | None
) -> Participant:
    said: dict[str, Any] = {}
    for name, value in row.items():
        field = names.get(name)
        if field is not None and value and field not in said:
            said[field] = READERS.get(field, units.text)(value)
    race_id = _race_id(said.pop("race", None), races, race)
    entry_id = said.pop("entry_id", None) or (f"bib {said['bib']}" if said.get("bib") else None)
    if entry_id is None:
        raise BadValue("the row has neither a bib nor an entry id")
    if said.get("gender"):
        said["gender"] = GENDERS.get(_plain(said["gender"]), said["gender"])
    declared = DECLARED.get(said.get("status", "confirmed").lower())
    return Participant(entry_id=entry_id, race_id=race_id, declared=declared, raw=_raw(row), **said)


def _race_id(said: str | None, races: Mapping[str, str], race: str | None) -> str | None:
    if said is None:
        return race
    by_name = {_plain(name): race_id for name, race_id in races.items()}
    by_name.update({_plain(race_id): race_id for race_id in races.values()})
    if _plain(said) not in by_name:
        known = ", ".join(races) or "none: import its courses first"
        raise BadValue(f"the event has no race {said!r}; it has {known}")
    return by_name[_plain(said)]


def _text(data: bytes) -> str:
    """UTF-8 with or without a mark, else what spreadsheets of Windows write."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _plain(name: str | None) -> str:
    return "".join(character for character in (name or "").lower() if character.isalnum())


def _raw(row: Mapping[str, str]) -> str:
    return msgspec.json.encode(row).decode()
