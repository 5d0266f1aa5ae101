"""What a reader chose by the address: race, gender, division, words, days, page. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from project88.errors import UsageError

MOST_WORDS_CHARACTERS = 100
MOST_PAGES = 100_000
MOST_DIVISION_CHARACTERS = 80
GENDERS = ("", "M", "F", "X")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Empty strings stand for no choice."""

    race_id: str = ""
    gender: str = ""
    division: str = ""
    words: str = ""
    page: int = 1

    def offset(self, page_size: int) -> int:
        return (self.page - 1) * page_size

    def with_race(self, race_id: str) -> Choice:
        return replace(self, race_id=race_id, division="", page=1, words="")

    def with_gender(self, gender: str) -> Choice:
        return replace(self, gender=gender, division="", page=1, words="")

    def files(self, race_id: str) -> Choice:
        """What a file of this choice holds; a search has none, so it is the race's."""
        return replace(self, race_id=race_id, page=1, words="")

    def with_page(self, page: int) -> Choice:
        return replace(self, page=page)

    @property
    def query(self) -> str:
        """The part of the address from its question mark on."""
        parts = {
            "race": self.race_id,
            "gender": self.gender,
            "division": self.division,
            "q": self.words,
            "page": str(self.page) if self.page > 1 else "",
        }
        return "?" + urlencode({name: value for name, value in parts.items() if value})


def read_choice(parameters: Mapping[str, str]) -> Choice:
    """Raises UsageError for a value that no link of ours has."""
    words = parameters.get("q", "").strip()
    race_id = parameters.get("race", "")
    division = parameters.get("division", "")
    _require_text(words, race_id, division)
    if len(words) > MOST_WORDS_CHARACTERS:
        raise UsageError(f"Search for at most {MOST_WORDS_CHARACTERS} characters.")
    if len(division) > MOST_DIVISION_CHARACTERS:
        raise UsageError(f"A division has at most {MOST_DIVISION_CHARACTERS} characters.")
    gender = parameters.get("gender", "")
    if gender not in GENDERS:
        raise UsageError("The gender is M, F, X or left out.")
    page = read_page(parameters.get("page", "1"))
    return Choice(race_id=race_id, gender=gender, division=division, words=words, page=page)


def read_runner(parameters: Mapping[str, str]) -> tuple[str, str]:
    """The race and the participant. Raises UsageError where the address names none."""
    race_id, participant_id = parameters.get("race", ""), parameters.get("id", "")
    _require_text(race_id, participant_id)
    if not race_id or not participant_id:
        raise UsageError("The address of a runner names a race and a runner.")
    return race_id, participant_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which events a reader looks for. Empty and None stand for no choice."""

    words: str = ""
    first_day: date | None = None
    last_day: date | None = None
    page: int = 1

    @property
    def is_limited(self) -> bool:
        return bool(self.words or self.first_day or self.last_day)

    def with_page(self, page: int) -> Search:
        return replace(self, page=page)

    @property
    def query(self) -> str:
        """The part of the address from its question mark on; empty where nothing was chosen."""
        parts = {
            "q": self.words,
            "from": self.first_day.isoformat() if self.first_day else "",
            "to": self.last_day.isoformat() if self.last_day else "",
            "page": str(self.page) if self.page > 1 else "",
        }
        said = urlencode({name: value for name, value in parts.items() if value})
        return f"?{said}" if said else ""


def read_search(parameters: Mapping[str, str]) -> Search:
    """Raises UsageError for a value that the form does not send."""
    words = parameters.get("q", "").strip()
    _require_text(words)
    if len(words) > MOST_WORDS_CHARACTERS:
        raise UsageError(f"Search for at most {MOST_WORDS_CHARACTERS} characters.")
    return Search(
        words=words,
        first_day=_day(parameters.get("from", "")),
        last_day=_day(parameters.get("to", "")),
        page=read_page(parameters.get("page", "1")),
    )


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError("A day looks like 2026-05-02.") from None


def _require_text(*texts: str) -> None:
    """PostgreSQL takes neither a zero character nor half of a surrogate pair."""
    if any("\0" in text or any("\ud800" <= character <= "\udfff" for character in text) for text in texts):
        raise UsageError("The address holds a character that no name and no race has.")


def read_page(text: str) -> int:
    """Raises UsageError for what is no page number."""
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= MOST_PAGES):
        raise UsageError("The page is a whole number from 1.")
    return int(text)
