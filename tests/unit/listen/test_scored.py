"""Who of a scored event is written next, and up to which read everybody is."""

from __future__ import annotations

from datetime import UTC, datetime

from project88.listen.scored import Scored
from project88.records.entities import EventId, TimingPartnerId
from project88.scoring.course import read_course
from project88.scoring.event import EventScore
from project88.scoring.facts import Decisions, Entry, Read
from project88.store.scoring import ScoredEvent

POINTS = [{"name": "Start", "locations": ["start"]}, {"name": "Finish", "locations": ["finish"]}]
COURSE = read_course({"race_id": "r", "name": "Run", "gun": {"location": "start"}, "points": POINTS})
EVENT = ScoredEvent(
    timing_partner_id=TimingPartnerId(1),
    event_id=EventId("p1"),
    hub_now=datetime(2026, 4, 20, tzinfo=UTC),
    scoring_id=1,
    stamp="",
    start_list="",
    decided="",
)


def scored() -> Scored:
    entries = [Entry(entry_id=f"e{bib}", race_id="r", bib=bib) for bib in "1234"]
    return Scored(
        event=EVENT,
        courses=[COURSE],
        starters={},
        score=EventScore([COURSE], entries, Decisions()),
        closed=frozenset(),
    )


def take(event: Scored, up_to: int, *reads: tuple[int, str, str]) -> list[str]:
    """Whom reads changed: each an instant in seconds, a place and a bib."""
    changes = event.score.take(
        Read(seconds * 1000, place, number, "R", bib, number)
        for number, (seconds, place, bib) in enumerate(reads, start=event.read_up_to + 1)
    )
    event.wait(changes.scores)
    event.read_up_to = up_to
    return list(changes.scores)


def test_who_finished_goes_first_and_of_the_others_who_waits_longest():
    event = scored()
    take(event, 3, (10, "start", "1"), (11, "start", "2"), (12, "start", "3"))
    changed = take(event, 5, (13, "start", "4"), (900, "finish", "3"))

    assert event.next_ones(changed, 1) == ["e3"]
    assert event.written_up_to == 0
    assert set(event.next_ones([], 2)) == {"e1", "e2"}
    assert event.written_up_to == 3
    assert event.next_ones([], 9) == ["e4"]
    assert event.written_up_to == 5
    assert event.next_ones([], 9) == []


def test_all_who_finished_are_written_at_once_however_many():
    event = scored()
    take(event, 4, *((10, "start", bib) for bib in "1234"))
    changed = take(event, 7, *((900, "finish", bib) for bib in "123"))
    assert sorted(event.next_ones(changed, 1)) == ["e1", "e2", "e3"]
    assert event.written_up_to == 0


def test_who_has_no_result_any_more_is_waited_for():
    event = scored()
    take(event, 2, (10, "start", "1"), (11, "start", "2"))
    event.next_ones([], 9)
    changes = event.score.enter([Entry(entry_id="e1", race_id="r", bib="1")])
    event.wait(changes.scores)
    assert "e2" in event.next_ones(changes.scores, 0)
