"""What a reader chose by the address: race, gender, words, page. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from project88.errors import UsageError

MOST_WORDS_CHARACTERS = 100
MOST_PAGES = 100_000
GENDERS = ("", "M", "F")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Empty strings stand for no choice."""

    race_id: str = ""
    gender: str = ""
    words: str = ""
    page: int = 1

    def offset(self, page_size: int) -> int:
        return (self.page - 1) * page_size

    def with_race(self, race_id: str) -> Choice:
        return replace(self, race_id=race_id, page=1, words="")

    def with_gender(self, gender: str) -> Choice:
        return replace(self, gender=gender, page=1, words="")

    def with_page(self, page: int) -> Choice:
        return replace(self, page=page)

    @property
    def query(self) -> str:
        """The part of the address from its question mark on."""
        parts = {
            "race": self.race_id,
            "gender": self.gender,
            "q": self.words,
            "page": str(self.page) if self.page > 1 else "",
        }
        return "?" + urlencode({name: value for name, value in parts.items() if value})


def read_choice(parameters: Mapping[str, str]) -> Choice:
    """Raises UsageError for a value that no link of ours has."""
    words = parameters.get("q", "").strip()
    race_id = parameters.get("race", "")
    if "\0" in words + race_id:
        raise UsageError("The address holds a character that no name and no race has.")
    if len(words) > MOST_WORDS_CHARACTERS:
        raise UsageError(f"Search for at most {MOST_WORDS_CHARACTERS} characters.")
    gender = parameters.get("gender", "")
    if gender not in GENDERS:
        raise UsageError("The gender is M, F or left out.")
    return Choice(race_id=race_id, gender=gender, words=words, page=read_page(parameters.get("page", "1")))


def read_page(text: str) -> int:
    """Raises UsageError for what is no page number."""
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= MOST_PAGES):
        raise UsageError("The page is a whole number from 1.")
    return int(text)
