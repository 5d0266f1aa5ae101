"""From a participant of Race Roster to records, by the paths that the settings give. Pure; knows no field's name.

What a row of this list looks like is unknown (U), so a value that is not what the path promises is a Problem.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from project88.errors import BadValue
from project88.providers.race_roster.decode import gender
from project88.providers.race_roster.settings import Settings
from project88.providers.raw_rows import Decode, RawRow, Scalar, decoder, identifier, raw_text
from project88.records.entities import Participant, Removal
from project88.records.units import calendar_date, integer, text

SET_FIELDS = "set participant_fields in additional_config to where it stands"


def participants(settings: Settings) -> Decode[Participant | Removal]:
    return decoder("participants", dict[str, Any], _EntryReader(settings).records)


class _EntryReader:
    """A row that says it was cancelled is a removal; any other word of status is kept and means nothing."""

    def __init__(self, settings: Settings) -> None:
        self._paths = settings.participant_paths
        self._cancelled = frozenset(word.strip().casefold() for word in settings.cancelled_statuses)

    def records(self, row: Mapping[str, Any], raw: RawRow) -> tuple[Participant | Removal]:
        said = _Said(row, self._paths)
        entry_id, status = said.identifier("entry_id"), said.text("status")
        if entry_id is None:
            places = " or ".join(self._paths["entry_id"])
            raise BadValue(f"no entry id at {places}: {SET_FIELDS}")
        if status is not None and status.casefold() in self._cancelled:
            return (Removal(entry_id=entry_id, reason=status),)
        return (_participant(said, entry_id, status, raw),)


def _participant(said: _Said, entry_id: str, status: str | None, raw: RawRow) -> Participant:
    return Participant(
        entry_id=entry_id,
        race_id=said.identifier("race_id"),
        bib=said.bib(),
        external_id=said.identifier("registration"),
        status=status,
        first_name=said.text("first_name"),
        last_name=said.text("last_name"),
        gender=gender(said.value("gender")),
        age=said.whole_number("age"),
        date_of_birth=said.calendar_date("date_of_birth"),
        email=said.text("email"),
        phone=said.identifier("phone"),
        city=said.text("city"),
        state=said.text("state"),
        country=said.text("country"),
        team_name=said.text("team_name"),
        raw=raw_text(raw),
    )


class _Said:
    """What one row says under each field of ours."""

    def __init__(self, row: Mapping[str, Any], paths: Mapping[str, Sequence[str]]) -> None:
        self._row = row
        self._paths = paths

    def text(self, name: str) -> str | None:
        return text(self.value(name))

    def identifier(self, name: str) -> str | None:
        return identifier(self.value(name))

    def whole_number(self, name: str) -> int | None:
        found = self.value(name)
        if isinstance(found, bool):
            raise BadValue(f"{name} is neither text nor a number")
        return integer(found)

    def calendar_date(self, name: str) -> date | None:
        return calendar_date(text(self.value(name)))

    def bib(self) -> str | None:
        """The first of several, which are a list or text with commas (O). The raw row keeps all."""
        found = self._found("bib")
        parts = found if isinstance(found, list) else found.split(",") if isinstance(found, str) else [found]
        return next(filter(None, (identifier(_scalar(part, "bib")) for part in parts)), None)

    def value(self, name: str) -> Scalar:
        return _scalar(self._found(name), name)

    def _found(self, name: str) -> Any:  # noqa: ANN401
        """The value at the first path that leads to one. An object that another path looks into is understood."""
        paths = self._paths[name]
        for path in paths:
            found = _at(self._row, path)
            if isinstance(found, dict) and any(other.startswith(path + ".") for other in paths):
                continue
            if found is not None and not (isinstance(found, str) and not found.strip()):
                return found
        return None


def _at(row: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401
    found: Any = row
    for name in path.split("."):
        if not isinstance(found, dict):
            return None
        found = found.get(name)
    return found


def _scalar(found: Any, name: str) -> Scalar:  # noqa: ANN401
    if found is None or isinstance(found, str | int | float):
        return found
    raise BadValue(f"{name} leads to {'an object' if isinstance(found, dict) else 'a list'}: {SET_FIELDS}")
