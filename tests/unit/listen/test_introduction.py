"""Introductions, clock offsets, networks and figures: the parts of the listener that need no socket."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from project88.listen.figures import Figures
from project88.listen.introduction import QUESTIONS, Introduction
from project88.listen.offset import ClockOffset, whole_hours
from project88.listen.rules import Rules
from project88.records.entities import TimingPartnerId
from project88.wire.ctp01.events import Acknowledged, Refused

NOW = datetime(2026, 4, 20, 13, tzinfo=UTC)
PARTNER = TimingPartnerId(1)


def introduced(*answers: Acknowledged | Refused, account: str = "me") -> Introduction:
    found = Introduction("Program", "1", account)
    for answer in answers:
        assert found.hear(answer)
    return found


def answers(connection: str = "c1", name: str = "Run", number: str = "7") -> list[Acknowledged | Refused]:
    return [
        Acknowledged(command="getconnectionid", fields=(connection,)),
        Acknowledged(command="geteventinfo", fields=(name, number, "by the river")),
        Acknowledged(command="getlocations", fields=("start", "finish")),
    ]


def test_three_answers_make_a_session():
    found = introduced(*answers())

    session = found.session(PARTNER, NOW)
    assert found.is_complete
    assert found.locations == ["start", "finish"]
    assert (session.timing_event_name, session.timing_event_id, session.connection_id) == ("Run", "7", "c1")


def test_a_computer_that_comes_back_has_the_same_session_and_any_other_another_one():
    def key(*said: Acknowledged | Refused, account: str = "me", apart: str = "") -> str:
        return introduced(*said, account=account).session(PARTNER, NOW, apart).key

    same = key(*answers())
    assert key(*answers()) == same
    others = [
        key(*answers("c2")),
        key(*answers(name="Ride")),
        key(*answers(number="8")),
        key(*answers(), account="you"),
        key(*answers(), apart="10.0.0.2"),
    ]
    assert len({same, *others}) == 6


def test_an_older_program_that_refuses_a_question_is_introduced_all_the_same():
    found = introduced(Refused(command="", message="unknown command"), *answers()[1:])

    assert found.is_complete
    assert found.session(PARTNER, NOW).connection_id is None


def test_an_answer_to_nothing_is_no_answer():
    found = introduced(*answers())

    assert not found.hear(answers()[0])
    assert not Introduction("", "", None).hear(Acknowledged(command="start", fields=("finish",)))
    assert len(found.questions()) == len(QUESTIONS)


@pytest.mark.parametrize(
    ("ahead", "hours"),
    [(timedelta(hours=1, seconds=20), 1), (timedelta(hours=-5), -5), (timedelta(minutes=30), 0), (timedelta(), 0)],
)
def test_an_offset_near_whole_hours_is_a_wrong_time_zone(ahead: timedelta, hours: int):
    assert whole_hours(ahead) == hours


def test_replayed_reads_do_not_hide_the_clock_s_offset():
    offset = ClockOffset()
    for late in (3600, 1800, 2, 900):
        offset.note(NOW + timedelta(seconds=5) - timedelta(seconds=late), NOW)

    assert offset.milliseconds == 3000


def test_reads_of_another_day_say_nothing_of_the_clock_and_old_ones_are_forgotten():
    offset = ClockOffset()
    offset.note(NOW - timedelta(days=3), NOW)
    assert offset.ahead is None

    offset.note(NOW + timedelta(seconds=60), NOW)
    later = NOW + timedelta(minutes=11)
    offset.note(later, later)
    assert offset.milliseconds == 0


@pytest.mark.parametrize(
    ("address", "may"), [("10.1.2.3", True), ("::ffff:10.1.2.3", True), ("11.1.2.3", False), ("unknown", False)]
)
def test_only_addresses_of_a_network_may_come(address: str, may: bool):
    assert Rules(networks=(ip_network("10.0.0.0/8"),)).may_come_from(address) is may
    assert Rules().may_come_from(address)


def test_figures_count_the_last_ten_seconds():
    figures = Figures()
    figures.kept(50, NOW)
    figures.kept(50, NOW + timedelta(seconds=8))

    assert figures.reads_per_second(NOW + timedelta(seconds=9)) == 10
    assert figures.reads_per_second(NOW + timedelta(seconds=12)) == 5
    assert (figures.reads, figures.last_read_at) == (100, NOW + timedelta(seconds=8))
