"""Standings follow the crossings, the statuses and the edits, and stand still between two scoring runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from project88.errors import UsageError
from project88.sandbox.entities import Entry, Race
from project88.sandbox.scoring import Scoreboard
from project88.sandbox.world import (
    AddEntry,
    ChangeTime,
    MoveStart,
    RemoveEntry,
    RemoveResult,
    Restore,
    SetStatus,
)
from project88.sandbox.worlds import list_world, rehearsal_world

START = datetime(2026, 4, 20, 13, 17, tzinfo=UTC)
LATER = (START + timedelta(hours=12)).timestamp()


class Scored:
    """A world of five results, seen at the end."""

    def __init__(self) -> None:
        self.world = list_world(5, start=START)
        self.race: Race = next(iter(self.world.races.values()))
        self.scoreboard = Scoreboard(30)

    def placed(self, now: float = LATER) -> list[str]:
        return [entry.bib for entry in self._standing(now)[0]]

    def unplaced(self, now: float = LATER) -> list[str]:
        return [entry.bib for entry in self._standing(now)[1]]

    def entry_id(self, bib: str) -> str:
        return next(entry.entry_id for entry in self.race.entries if entry.bib == bib)

    def _standing(self, now: float) -> tuple[list[Entry], list[Entry]]:
        standing = self.scoreboard.standing(self.race.intervals[-1], self.scoreboard.run_ms(now))
        return standing.within(self.race.brackets[0])


@pytest.fixture
def scored() -> Scored:
    return Scored()


def test_rows_appear_at_the_first_scoring_run_after_the_crossing(scored: Scored) -> None:
    first_finish = START.timestamp() + 1800.001

    assert scored.placed(first_finish - 1) == []
    assert scored.placed(first_finish + 29) == []
    assert scored.placed(START.timestamp() + 1830) == ["1", "2", "3", "4", "5"]


def test_who_is_not_confirmed_keeps_the_row_but_not_the_place(scored: Scored) -> None:
    scored.world.apply(SetStatus(entry_id=scored.entry_id("2"), status="DQ"))

    assert scored.placed() == ["1", "3", "4", "5"]
    assert scored.unplaced() == ["2"]


def test_a_status_is_shown_only_from_its_instant() -> None:
    world = rehearsal_world(START, season=0, field_size=10)
    disqualified = next(entry for _, entry in world.entries.values() if entry.status == "DQ")
    assert disqualified.status_from_ms is not None

    assert disqualified.status_at(disqualified.status_from_ms - 1) == "CONF"
    assert disqualified.status_at(disqualified.status_from_ms) == "DQ"


def test_edits_change_the_standing_at_once(scored: Scored) -> None:
    scored.world.apply(RemoveResult(entry_id=scored.entry_id("1")), RemoveEntry(entry_id=scored.entry_id("2")))
    scored.world.apply(ChangeTime(entry_id=scored.entry_id("5"), seconds=1))
    late = AddEntry(race_id=scored.race.race_id, entry_id="x", bib="6", seconds={"Full Course": 2})
    scored.world.apply(late)

    assert scored.placed() == ["5", "6", "3", "4"]


def test_restore_brings_an_entry_back_as_it_was_before_its_first_edit(scored: Scored) -> None:
    entry_id = scored.entry_id("3")
    scored.world.apply(ChangeTime(entry_id=entry_id, seconds=1), SetStatus(entry_id=entry_id, status="DNF"))
    scored.world.apply(RemoveEntry(entry_id=entry_id))
    scored.world.apply(Restore(entry_id=entry_id))

    assert scored.placed() == ["1", "2", "3", "4", "5"]


def test_moving_the_start_moves_the_crossings(scored: Scored) -> None:
    event_id = scored.race.event.event_id
    scored.world.apply(MoveStart(event_id=event_id, seconds=86_400))

    assert scored.placed() == []
    assert scored.placed(LATER + 86_400) == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(
    "edit",
    [
        RemoveEntry(entry_id="nobody"),
        MoveStart(event_id="nothing", seconds=1),
        AddEntry(race_id="nothing", entry_id="x", bib="1"),
    ],
)
def test_an_edit_of_something_unknown_is_refused(edit: RemoveEntry | MoveStart | AddEntry) -> None:
    with pytest.raises(UsageError):
        list_world(1, start=START).apply(edit)


def test_an_edit_of_an_unknown_interval_is_refused_and_changes_nothing(scored: Scored) -> None:
    with pytest.raises(UsageError):
        scored.world.apply(ChangeTime(entry_id=scored.entry_id("1"), seconds=5, interval="42K"))

    assert scored.placed() == ["1", "2", "3", "4", "5"]


def test_each_bracket_ranks_its_own(scored: Scored) -> None:
    standing = scored.scoreboard.standing(scored.race.intervals[-1], scored.scoreboard.run_ms(LATER))
    male, female = scored.race.brackets[1:3]

    assert ([entry.bib for entry in standing.within(male)[0]]) == ["1", "3", "5"]
    assert ([entry.bib for entry in standing.within(female)[0]]) == ["2", "4"]


def test_a_race_is_generated_at_the_run_after_its_last_crossing(scored: Scored) -> None:
    run_ms = scored.scoreboard.run_ms(LATER)

    assert scored.scoreboard.generated_ms(scored.race, run_ms) == round(START.timestamp() + 1830) * 1000
