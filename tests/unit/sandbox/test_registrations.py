"""The world of registrations: the same for the same seed, and every edit is stamped and linked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from project88.errors import UsageError
from project88.sandbox import rehearsal_world
from project88.sandbox.clock import SteppingClock
from project88.sandbox.registration import (
    AddEvent,
    AssignBib,
    Cancel,
    ChangePerson,
    ChangeResult,
    NewCategory,
    Person,
    PostResults,
    Register,
    RegistrationWorld,
    Remove,
    RemoveResult,
    Timed,
    Transfer,
    registration_world,
    start_list_world,
)
from project88.sandbox.registration.ranking import Rankings, division_of

START = datetime(2026, 4, 20, 13, 17, tzinfo=UTC)
NOW = START - timedelta(days=5)


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock(NOW)


@pytest.fixture
def world(clock: SteppingClock) -> RegistrationWorld:
    return registration_world(20, start=START, clock=clock)


def first(world: RegistrationWorld, number: int = 0) -> str:
    return list(world.registrations)[number]


def facts(world: RegistrationWorld) -> list[tuple[object, ...]]:
    return [(each.registration_id, each.person, each.bib, each.modified_s) for each in world.registrations.values()]


def test_the_same_seed_gives_the_same_world_and_another_one_other_people() -> None:
    def build(seed: int) -> list[tuple[object, ...]]:
        return facts(registration_world(30, start=START, seed=seed))

    assert build(1) == build(1)
    assert build(1) != build(2)


def test_so_many_registrations_stand_in_one_edition_beside_an_earlier_one_and_a_strangers(
    world: RegistrationWorld,
) -> None:
    earlier, current, foreign = world.editions.values()
    counts = [sum(len(each.registrations) for each in edition.categories) for edition in world.editions.values()]

    assert counts == [0, 20, 5]
    assert earlier.series_id == current.series_id != foreign.series_id
    assert (current.day, foreign.organiser_id) == (date(2026, 4, 20), "2")
    assert {each.person.gender for each in world.registrations.values()} == {"F", "M", "X"}
    assert None in {each.bib for each in world.registrations.values()}


def test_registrations_came_in_one_after_the_other_before_the_start(world: RegistrationWorld) -> None:
    current = list(world.editions.values())[1]
    stamps = [each.modified_s for each in world.registrations.values() if each.category.edition is current]

    assert stamps == sorted(set(stamps))
    assert stamps[-1] < START.timestamp()


def test_a_start_list_has_the_bibs_names_and_ages_of_the_race_that_hardware_times() -> None:
    event = list(rehearsal_world(START, season=0, field_size=90).events.values())[-1]
    world = start_list_world(event)
    edition = next(iter(world.editions.values()))

    def entries() -> list[tuple[object, ...]]:
        return [
            (race.name, entry.bib, entry.first_name, entry.last_name, entry.sex, entry.age, race.gun_ms // 1000)
            for race in event.races
            for entry in race.entries
        ]

    assert entries() == [
        (
            each.category.name,
            each.bib,
            each.person.first_name,
            each.person.last_name,
            each.person.gender,
            each.age,
            each.category.start_s,
        )
        for each in world.registrations.values()
    ]
    assert (edition.name, edition.zone) == (event.name, event.zone)
    assert all(each.chip == each.bib for each in world.registrations.values())


def test_every_edit_of_a_registration_stamps_it_from_the_clock(world: RegistrationWorld, clock: SteppingClock) -> None:
    edits = [
        AssignBib(registration_id=first(world), bib="A7", chip="C7"),
        ChangePerson(registration_id=first(world), changes={"last_name": "Other", "dob": "1990-02-01"}),
        Cancel(registration_id=first(world)),
    ]
    for edit in edits:
        clock.advance(60)
        world.apply(edit)
        assert world.registration(first(world)).modified_s == clock.now_seconds()
    changed = world.registration(first(world))
    assert (changed.bib, changed.chip, changed.status) == ("A7", "C7", "cancelled")
    assert (changed.person.last_name, changed.person.dob) == ("Other", date(1990, 2, 1))


def test_a_removal_keeps_its_reason_and_a_deferral_its_status(world: RegistrationWorld) -> None:
    world.apply(Remove(registration_id=first(world, 0), reason="cleared"))
    world.apply(Remove(registration_id=first(world, 1), reason="deferred"))
    gone = [world.registration(first(world, number)) for number in (0, 1)]

    assert [(each.status, each.reason) for each in gone] == [("removed", "cleared"), ("deferred", "deferred")]


def test_a_transfer_ends_a_registration_and_names_its_successor_in_the_other_category(
    world: RegistrationWorld,
) -> None:
    old = world.registration(first(world))
    other = next(each for each in old.category.edition.categories if each is not old.category)
    new = world.registration(
        world.apply(Transfer(registration_id=old.registration_id, category_id=other.category_id))[0]
    )

    assert (old.status, old.successor_id) == ("transferred", new.registration_id)
    assert (new.category, new.person, new.account_id, new.bib) == (other, old.person, old.account_id, old.bib)
    assert not old.is_registered
    assert new.is_registered


def test_what_has_ended_cannot_end_again(world: RegistrationWorld) -> None:
    world.apply(Cancel(registration_id=first(world)))

    with pytest.raises(UsageError, match="cancelled already"):
        world.apply(Remove(registration_id=first(world)))


@pytest.mark.parametrize(
    "edit",
    [
        Cancel(registration_id="0"),
        Register(category_id="0", person=Person(first_name="A", last_name="B", gender="F")),
        PostResults(category_id="0", lines=()),
        ChangeResult(line=Timed(registration_id="71000001", seconds=1)),
        RemoveResult(registration_id="71000001"),
        ChangePerson(registration_id="71000001", changes={"shoe": "42"}),
        ChangePerson(registration_id="71000001", changes={"gender": "Q"}),
    ],
)
def test_an_edit_of_what_is_not_there_is_refused(world: RegistrationWorld, edit: Cancel) -> None:
    with pytest.raises(UsageError):
        world.apply(edit)


def test_posted_results_are_ranked_overall_by_gender_and_by_division(
    world: RegistrationWorld, clock: SteppingClock
) -> None:
    category = list(world.editions.values())[1].categories[0]
    runners = category.registrations[:4]
    lines = [
        Timed(registration_id=each.registration_id, seconds=4000 - number) for number, each in enumerate(runners[:3])
    ]
    lines.append(Timed(registration_id=runners[3].registration_id, outcome="DNF"))
    clock.advance(60)
    world.apply(PostResults(category_id=category.category_id, lines=tuple(lines)))
    rankings = Rankings()
    placed = rankings.of(category)

    assert [each.overall for each in placed] == [1, 2, 3, None]
    assert [each.result.registration for each in placed] == [runners[2], runners[1], runners[0], runners[3]]
    assert {each.gender for each in placed if each.result.registration.person.gender == "F"} <= {1, 2, 3, None}
    assert category.results_modified_s == clock.now_seconds()
    clock.advance(60)
    world.apply(ChangeResult(line=Timed(registration_id=runners[0].registration_id, seconds=10)))
    assert rankings.of(category)[0].result.registration is runners[0]
    world.apply(RemoveResult(registration_id=runners[0].registration_id))
    assert [each.overall for each in rankings.of(category)] == [1, 2, None]


def test_who_has_no_date_of_birth_has_the_stated_age_or_none_and_then_no_division(world: RegistrationWorld) -> None:
    stated, silent = (world.registration(first(world, number)) for number in (0, 1))
    world.apply(ChangePerson(registration_id=stated.registration_id, changes={"dob": None, "stated_age": 44}))
    world.apply(ChangePerson(registration_id=silent.registration_id, changes={"dob": None}))

    assert (stated.age, division_of(stated)[1:]) == (44, "40-44")
    assert (silent.age, division_of(silent)) == (None, "")


def test_edits_are_read_from_json_one_or_many(clock: SteppingClock) -> None:
    world = RegistrationWorld(clock)
    added = AddEvent(
        name="A",
        starts=START,
        zone="Europe/Warsaw",
        categories=(NewCategory(name="Half", distance_m=21_097.5, splits={"10K": 10_000}),),
    )
    world.apply_json(msgspec.json.encode(added))
    category = next(iter(world.categories.values()))
    person = Person(first_name="Ada", last_name="Belby", gender="X")
    world.apply_json(msgspec.json.encode([Register(category_id=category.category_id, person=person)]))

    assert category.distance == "21.0975K"
    assert [each.person for each in world.registrations.values()] == [person]
    for wrong in (b'{"edit":"shout"}', b'{"edit":"add_event","name":"A","starts":"2026-04-20T13:17:00"}', b"["):
        with pytest.raises(msgspec.DecodeError):
            world.apply_json(wrong)
