"""Which races an edition has, and which result set counts for each."""

from __future__ import annotations

import pytest

from project88.errors import Gone, Permanent
from project88.providers.runsignup import edition
from project88.providers.runsignup.course import EventOfRace, ResultSet, races_of, sets_that_count
from project88.records.entities import ProviderEventId, Race

TEN, FIVE = Race(race_id="5001"), Race(race_id="5002")


def of(race: Race, set_id: str, order: int | None = None, name: str | None = None, *others: str) -> ResultSet:
    return ResultSet(set_id=set_id, race_id=race.race_id, name=name, order=order, others=frozenset(others))


def chosen(*sets: ResultSet, names: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    listed = {race.race_id: [each for each in sets if each.race_id == race.race_id] for race in (TEN, FIVE)}
    return [(each.race_id, each.set_id) for each in sets_that_count((TEN, FIVE), listed, names)]


def test_an_edition_has_the_events_of_its_own_group_only() -> None:
    events = [EventOfRace(edition="66", race=Race(race_id="4901")), EventOfRace(edition="77", race=TEN)]

    assert races_of(ProviderEventId("4101-77"), events) == (TEN,)


def test_an_edition_without_an_event_is_gone() -> None:
    with pytest.raises(Gone, match="4101-88"):
        races_of(ProviderEventId("4101-88"), [EventOfRace(edition="77", race=TEN)])


@pytest.mark.parametrize("event", ["4101", "", "-77", "4101-", "a-77", "41/01-77", "4101-77\n", "4101-77-1", "²-1"])
def test_what_is_no_edition_is_refused(event: str) -> None:
    with pytest.raises(Permanent, match="no edition"):
        edition.race_id(ProviderEventId(event))


def test_an_edition_knows_its_race() -> None:
    assert edition.race_id(edition.event_id("4101", "20261231")) == "4101"


def test_a_race_with_one_set_has_the_results_of_that_one() -> None:
    assert chosen(of(TEN, "1"), of(FIVE, "2")) == [("5001", "1"), ("5002", "2")]


def test_a_race_without_sets_has_no_results_yet() -> None:
    assert chosen(of(FIVE, "2")) == [("5002", "2")]
    assert chosen() == []


def test_of_several_sets_the_one_that_is_shown_first_counts_and_the_others_are_left_out() -> None:
    assert chosen(of(TEN, "1", 5), of(TEN, "2", 0), of(TEN, "3")) == [("5001", "2")]
    assert chosen(of(TEN, "3"), of(TEN, "1")) == [("5001", "3")]
    assert chosen(of(TEN, "3"), of(TEN, "1", 7)) == [("5001", "1")]


@pytest.mark.parametrize("name", ["2", "Age Graded"])
def test_a_set_that_is_named_counts_before_the_others(name: str) -> None:
    sets = (of(TEN, "1", 0, "Overall"), of(TEN, "2", 1, "Age Graded"), of(FIVE, "4", 0, "Overall"))

    assert chosen(*sets, names=frozenset({name})) == [("5001", "2"), ("5002", "4")]


def test_a_set_that_belongs_to_another_race_gives_nobody_a_second_result() -> None:
    assert chosen(of(TEN, "1"), of(FIVE, "1", None, None, "5002"), of(FIVE, "2", 9)) == [("5001", "1"), ("5002", "2")]
    assert chosen(of(TEN, "1"), of(FIVE, "1")) == [("5001", "1")]
