"""A whole event: statuses, places with ties, guns and waves, decisions; scored bit by bit as well as at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from project88.scoring.course import Course, read_course
from project88.scoring.event import EventScore
from project88.scoring.facts import Decisions, Entry, Judgement, Places, Read, Score

GUN = datetime(2026, 4, 20, 13, tzinfo=UTC)
GUN_MS = round(GUN.timestamp() * 1000)


def course(**others: Any) -> Course:
    said: dict[str, Any] = {
        "race_id": "r",
        "name": "Run",
        "gun": {"location": "start"},
        "points": [
            {"name": "Start", "locations": ["start"]},
            {"name": "5K", "locations": ["5K"]},
            {"name": "Finish", "locations": ["finish"]},
        ],
    }
    return read_course({**said, **others})


def entry(bib: str, gender: str = "F", division: str = "F30", **others: Any) -> Entry:
    return Entry(entry_id=f"e{bib}", race_id="r", bib=bib, gender=gender, division=division, **others)


def at(seconds: float, location: str, tag: str, number: int) -> Read:
    return Read(GUN_MS + round(seconds * 1000), location, number, "R", tag, number)


SHOT = at(0, "start", "", 1)
ENTRIES = [entry("1"), entry("2", "M", "M30"), entry("3"), entry("4", division="F40")]


def run(bib: str, start: float, finish: float, number: int) -> list[Read]:
    return [at(start, "start", bib, number), at(finish, "finish", bib, number + 1)]


def scored(reads: list[Read], guns: list[Read] | None = None, **others: Any) -> EventScore:
    on, entries = others.pop("on", course()), others.pop("entries", ENTRIES)
    found = EventScore([on], entries, others.pop("decisions", Decisions()), **others)
    found.load(reads, [SHOT] if guns is None else guns)
    found.score_all()
    return found


def by_bib(found: EventScore) -> dict[str, Score]:
    return {score.entry.bib: score for score in found.scores()}


def places(found: EventScore) -> dict[str, Places]:
    return {score.entry.bib: found.places(score) for score in found.scores()}


FIELD = [*run("1", 5, 1005, 10), *run("2", 10, 910, 20), *run("3", 20, 1020, 30), *run("4", 0, 2000, 40)]


def test_chip_and_gun_times_splits_and_places_with_ties():
    found = scored([*FIELD, at(500, "5K", "1", 50)])

    first = by_bib(found)["1"]
    assert (first.chip_ms, first.gun_ms, first.status) == (1_000_000, 1_005_000, "finished")
    assert [(split.point, split.elapsed_ms) for split in first.splits] == [("5K", 495_000)]
    assert places(found) == {
        "1": Places(2, 1, 1), "2": Places(1, 1, 1), "3": Places(2, 1, 1), "4": Places(4, 3, 1)}  # fmt: skip


def test_places_by_gun_time_where_the_course_says_so():
    assert places(scored(FIELD, on=course(rank_by="gun")))["3"].overall == 3


def test_a_missed_start_is_unknown_or_the_gun_s():
    reads = [at(1000, "finish", "1", 2)]

    assert by_bib(scored(reads))["1"].chip_ms is None
    assert places(scored(reads))["1"] == Places(None, None, None)
    assert by_bib(scored(reads, on=course(missed_start="gun")))["1"].chip_ms == 1_000_000


def test_statuses_while_the_race_goes_on_and_once_it_is_closed():
    reads = [*run("1", 5, 1005, 10), at(10, "start", "2", 20)]
    entries = [*ENTRIES[:3], entry("5", declared="dq")]

    going_on = {bib: (score.status, score.is_derived) for bib, score in by_bib(scored(reads, entries=entries)).items()}
    closed = {bib: (score.status, score.is_derived)
              for bib, score in by_bib(scored(reads, entries=entries, closed={"r"})).items()}  # fmt: skip
    assert going_on == {"1": ("finished", False), "2": ("started", False), "5": ("dq", False)}
    assert closed == {"1": ("finished", False), "2": ("dnf", True), "3": ("dns", True), "5": ("dq", False)}


def test_decisions_of_people_stand_above_reads_and_start_list():
    decisions = Decisions(
        ignored_reads=frozenset({21}), statuses={"1": "dq"}, adjustments_ms={"3": -60_000, "4": 1_000}
    )
    found = scored(FIELD, decisions=decisions)

    assert by_bib(found)["1"].status == "dq"
    assert by_bib(found)["1"].chip_ms == 1_000_000
    assert by_bib(found)["2"].status == "started"
    assert by_bib(found)["3"].chip_ms == 940_000
    assert {bib: each.overall for bib, each in places(found).items()} == {"1": None, "2": None, "3": 1, "4": 2}


def test_a_bib_that_nobody_or_two_have_is_nobody_s():
    found = EventScore([course()], [entry("1"), replace(entry("1"), entry_id="other")], Decisions())
    changes = found.take([at(5, "start", "1", 2), at(5, "start", "99", 3)], [SHOT])

    assert {said.status for number, said in changes.judgements.items() if number != 1} == {"unknown_bib"}
    assert changes.scores == {}


def test_each_wave_has_its_gun_and_a_gun_near_an_instant_is_the_nearest_one():
    on = course(
        gun={"location": "start", "near": GUN.isoformat()},
        waves={"B": {"location": "start", "near": GUN.replace(minute=20).isoformat()}},
    )
    entries = [entry("1"), entry("2", wave="B")]
    reads = [*run("1", 5, 1005, 10), *run("2", 1210, 2210, 20)]
    found = scored(reads, [SHOT, at(1200, "start", "", 2), at(3, "start", "", 3)], on=on, entries=entries)

    assert {bib: score.gun_ms for bib, score in by_bib(found).items()} == {"1": 1_005_000, "2": 1_010_000}


def test_a_gun_that_comes_late_scores_the_race_again():
    found = EventScore([course()], ENTRIES, Decisions())
    found.take(FIELD)
    assert by_bib(found)["1"].gun_ms is None

    changes = found.take([], [SHOT])
    assert set(changes.scores) == {"e1", "e2", "e3", "e4"}
    assert by_bib(found)["1"].gun_ms == 1_005_000


def test_a_new_read_touches_one_runner_only():
    found = scored(FIELD)
    changes = found.take([at(400, "5K", "3", 60)])

    assert set(changes.scores) == {"e3"}
    assert set(changes.judgements) == {60}


many_reads = st.lists(
    st.tuples(st.integers(-50, 3000), st.sampled_from(["start", "5K", "finish"]), st.sampled_from("12349")), max_size=30
)


@given(many_reads, st.randoms(use_true_random=False))
def test_bit_by_bit_in_any_order_gives_what_all_at_once_gives(crossings: list[tuple[int, str, str]], random: Any):
    reads = [at(*crossing, number) for number, crossing in enumerate(crossings, start=10)]
    at_once = scored(reads)
    bit_by_bit = EventScore([course()], ENTRIES, Decisions())
    judgements = bit_by_bit.score_all().judgements
    steps: list[Read] = [*reads, SHOT]
    random.shuffle(steps)
    for step in steps:
        judgements |= bit_by_bit.take(*(([], [step]) if step is SHOT else ([step],))).judgements

    assert judgements == at_once.score_all().judgements
    assert by_bib(bit_by_bit) == by_bib(at_once)
    assert places(bit_by_bit) == places(at_once)


def of_all(
    crossings: list[tuple[int, str, str]], entries: list[Entry], decisions: Decisions | None = None
) -> EventScore:
    """With all reads, of which none is scored yet."""
    found = EventScore([course()], entries, decisions or Decisions())
    found.load([at(*crossing, number) for number, crossing in enumerate(crossings, start=10)], [SHOT])
    return found


def assert_same(anew: EventScore, followed: EventScore, judgements: dict[int, Judgement]) -> None:
    assert anew.score_all().judgements == judgements
    assert by_bib(followed) == by_bib(anew)
    assert places(followed) == places(anew)


start_lists = st.lists(
    st.builds(
        lambda number, bib, declared: replace(entry(bib), entry_id=f"e{number}", declared=declared),
        st.integers(1, 6),
        st.sampled_from("12349"),
        st.sampled_from([None, "dq", "dnf"]),
    ),
    unique_by=lambda each: each.entry_id,
)


@given(many_reads, start_lists, start_lists)
def test_another_start_list_gives_what_scoring_by_it_from_the_first_read_gives(
    crossings: list[tuple[int, str, str]], before: list[Entry], now: list[Entry]
):
    anew, followed = of_all(crossings, now), of_all(crossings, before)
    judgements = followed.score_all().judgements
    changes = followed.enter(now)
    assert_same(anew, followed, judgements | changes.judgements)
    there = {score.entry.entry_id for score in anew.scores()}
    assert {entry_id for entry_id, score in changes.scores.items() if score is not None} <= there


decided = st.builds(
    lambda ignored, statuses, adjustments: Decisions(
        ignored_reads=frozenset(ignored), statuses=statuses, adjustments_ms=adjustments
    ),
    st.sets(st.integers(10, 25), max_size=3),
    st.dictionaries(st.sampled_from("12349"), st.sampled_from(["dq", "dnf"]), max_size=2),
    st.dictionaries(st.sampled_from("12349"), st.sampled_from([-5000, 60_000]), max_size=2),
)


@given(many_reads, decided, decided)
def test_other_decisions_give_what_scoring_by_them_from_the_first_read_gives(
    crossings: list[tuple[int, str, str]], before: Decisions, now: Decisions
):
    anew, followed = of_all(crossings, ENTRIES, now), of_all(crossings, ENTRIES, before)
    judgements = followed.score_all().judgements
    changes = followed.decide(now)
    assert_same(anew, followed, judgements | changes.judgements)


def test_a_decision_touches_those_only_whom_it_concerns():
    found = scored(FIELD)
    changes = found.decide(Decisions(ignored_reads=frozenset([31]), statuses={"4": "dq"}))
    assert set(changes.scores) == {"e3", "e4"}
    assert set(changes.judgements) == {31}
    assert set(found.decide(Decisions(statuses={"4": "dq"})).scores) == {"e3"}


def test_a_start_list_touches_those_only_whom_it_concerns():
    found = scored(FIELD)
    changes = found.enter([*ENTRIES[:3], replace(ENTRIES[3], declared="dq"), entry("5")])

    assert set(changes.scores) == {"e4"}
    assert changes.judgements == {}
