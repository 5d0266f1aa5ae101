"""Which column of a table is which field: by its name, or as somebody says. Pure; reads no cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from project88.errors import UsageError
from project88.records.units import DateOrder

#: The names that a column may have, without regard to case, spaces and punctuation.
PERSON: Mapping[str, Sequence[str]] = {
    "entry_id": ("entryid", "registrationid", "id"),
    "bib": ("bib", "bibnumber", "bibno", "racenumber", "number", "startnumber"),
    "race": ("race", "racename", "distance", "raceid", "event", "eventname", "contest"),
    "name": ("name", "fullname", "athlete", "athletename", "runner", "participant"),
    "first_name": ("firstname", "first", "givenname"),
    "last_name": ("lastname", "last", "surname", "familyname"),
    "gender": ("gender", "sex"),
    "age": ("age",),
    "division": ("division", "category", "agegroup"),
    "status": ("status", "entrystatus"),
    "city": ("city",),
    "state": ("state", "region", "province"),
    "country": ("country", "nationality"),
}
ENTRY_FIELDS: Mapping[str, Sequence[str]] = {
    **PERSON,
    "external_id": ("externalid",),
    "date_of_birth": ("dateofbirth", "dob", "birthdate"),
    "wave_name": ("wave", "wavename", "corral"),
    "team_name": ("team", "teamname", "club"),
    "email": ("email", "emailaddress"),
    "phone": ("phone", "phonenumber"),
    "postal_code": ("postalcode", "zip", "zipcode"),
}
RESULT_FIELDS: Mapping[str, Sequence[str]] = {
    **PERSON,
    "status": ("status", "resultstatus"),
    "chip_time": ("chiptime", "nettime", "time", "finishtime"),
    "gun_time": ("guntime", "clocktime", "grosstime"),
    "overall_place": ("overallplace", "place", "overall", "rank", "position", "pos"),
    "gender_place": ("genderplace", "sexplace", "genderrank"),
    "division_place": ("divisionplace", "categoryplace", "agegroupplace", "divisionrank"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """What somebody said of columns: a field for each, or none where it is not to be read; and which are splits."""

    columns: Mapping[str, str] = field(default_factory=dict)
    #: From a column to the name of its split.
    splits: Mapping[str, str] = field(default_factory=dict)
    dates: DateOrder | None = None

    def over(self, saved: ColumnMap) -> ColumnMap:
        """This where it says something, else what was saved."""
        return ColumnMap(
            columns={**_without(saved.columns, self), **self.columns},
            splits={**_without(saved.splits, self), **self.splits},
            dates=self.dates or saved.dates,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of one table. ``ignored`` are those that nothing is known of; they stay in the raw rows."""

    fields: Mapping[str, str]
    splits: Mapping[str, str]
    ignored: Sequence[str]
    dates: DateOrder


def parsed_map(maps: Iterable[str], splits: Iterable[str], dates: DateOrder | None) -> ColumnMap:
    """From what was typed: ``Bib Numbers=bib``, ``10K=10 km``. Raises UsageError for what names no column."""
    return ColumnMap(columns=dict(map(_pair, maps)), splits=dict(map(_split, splits)), dates=dates)


def columns_of(names: Sequence[str], known: Mapping[str, Sequence[str]], typed: ColumnMap, saved: ColumnMap) -> Columns:
    """Raises UsageError for a column that was typed and is not there, and for a field that is none."""
    by_plain = {plain(name): name for name in reversed(names)}
    for name in (*typed.columns, *typed.splits):
        if plain(name) not in by_plain:
            raise UsageError(f"the file has no column {name!r}; it has {', '.join(names)}")
    said = typed.over(saved)
    # A saved mapping may name columns that this file does not have.
    splits = {by_plain[plain(name)]: split for name, split in said.splits.items() if plain(name) in by_plain}
    words = {by_plain[plain(name)]: word for name, word in said.columns.items() if plain(name) in by_plain}
    fields = _fields([name for name in names if name not in splits], known, words)
    return Columns(
        fields=fields,
        splits={name: splits[name] for name in names if name in splits},
        ignored=[name for name in names if name not in fields and name not in splits],
        dates=said.dates or "iso",
    )


def plain(name: str | None) -> str:
    return "".join(character for character in (name or "").lower() if character.isalnum())


def _fields(names: Sequence[str], known: Mapping[str, Sequence[str]], words: Mapping[str, str]) -> dict[str, str]:
    """What is said by name first, and then what the columns are called."""
    chosen = {name: _field(word, known) for name, word in words.items()}
    taken = [each for each in chosen.values() if each is not None]
    if twice := {each for each in taken if taken.count(each) > 1}:
        raise UsageError(f"two columns are mapped to {', '.join(sorted(twice))}")
    found = {name: chosen[name] if name in chosen else _recognised(name, known, taken) for name in names}
    return {name: each for name, each in found.items() if each is not None}


def _recognised(name: str, known: Mapping[str, Sequence[str]], taken: Sequence[str]) -> str | None:
    """A field that somebody gave to another column is not this one's as well."""
    found = next((each for each, aliases in known.items() if plain(name) in aliases), None)
    return None if found in taken else found


def _field(word: str, known: Mapping[str, Sequence[str]]) -> str | None:
    if not word:
        return None
    for name, aliases in known.items():
        if plain(word) == plain(name) or plain(word) in aliases:
            return name
    raise UsageError(f"{word!r} is no field; there are {', '.join(name.replace('_', ' ') for name in known)}")


def _pair(text: str) -> tuple[str, str]:
    """A column's name may hold an equals sign, a field's does not."""
    name, separator, word = text.rpartition("=")
    if not separator or not plain(name):
        raise UsageError(f"--map {text!r}: write the column and its field, such as 'Bib Numbers=bib'")
    return name.strip(), word.strip()


def _split(text: str) -> tuple[str, str]:
    name, separator, split = text.rpartition("=")
    found = (name.strip(), split.strip()) if separator else (text.strip(), text.strip())
    if not all(found):
        raise UsageError(f"--split {text!r}: write the column and the split's name, such as '10K=10 km'")
    return found


def _without(saved: Mapping[str, str], typed: ColumnMap) -> dict[str, str]:
    """Not the columns that were typed, nor columns of fields that were given to another one."""
    columns = {plain(name) for name in (*typed.columns, *typed.splits)}
    fields = {plain(word) for word in typed.columns.values() if word}
    return {name: word for name, word in saved.items() if plain(name) not in columns and plain(word) not in fields}
