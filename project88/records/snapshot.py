"""What a reading of an event's results may replace. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """The facts that a complete list decides alone: what it does not show is gone.

    The sets name races or split keys; the ``every_`` switches cover all of the event.
    """

    every_finish: bool = False
    every_split: bool = False
    finish_races: frozenset[str] = frozenset()
    split_keys: frozenset[str] = frozenset()
    gender_races: frozenset[str] = frozenset()
    division_races: frozenset[str] = frozenset()

    def __or__(self, other: Authority) -> Authority:
        return Authority(
            every_finish=self.every_finish or other.every_finish,
            every_split=self.every_split or other.every_split,
            finish_races=self.finish_races | other.finish_races,
            split_keys=self.split_keys | other.split_keys,
            gender_races=self.gender_races | other.gender_races,
            division_races=self.division_races | other.division_races,
        )


NO_AUTHORITY = Authority()
