"""What the command line of the benchmarks says. Holds values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Phase = Literal["first", "unchanged", "reordered", "changed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How much to measure."""

    repetitions: int
    #: Finishers in the race; None for all.
    field_size: int | None
    #: Rows of the run that shows the memory; None leaves it out.
    memory_rows: int | None
    command: str
    #: How long the call budget is used up.
    budget_seconds: int
    #: Whether the entry list holds the entries; its rows are collected but not counted.
    with_entries: bool = False

    @property
    def finishers(self) -> str:
        """How many finish the race, for a sentence."""
        return "31,984" if self.field_size is None else f"{self.field_size:,}"

    def command_of(self, name: str) -> str:
        """What makes the section anew: a quick run makes this one alone."""
        return self.command if self.field_size is None else f"{self.command} --only {name}"


FULL = RunOptions(repetitions=3, field_size=None, memory_rows=1_000_000, command="make bench", budget_seconds=300)
QUICK = RunOptions(
    repetitions=1, field_size=3_000, memory_rows=None, command="python -m bench --quick", budget_seconds=30
)
