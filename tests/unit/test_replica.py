"""How old a standby's data is by the notes of the primary's places, and which database is no standby of ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from project88.edges.environment import replica_max_lag_seconds
from project88.errors import ConfigError
from project88.store.replica import Primary, Progress, Replica, why_not
from project88.store.results_page import Change

AT = datetime(2026, 5, 2, tzinfo=UTC)
OURS = Primary(position=500, server=7, database="hub", timeline=2, schema="s")
THEIRS = Replica(is_standby=True, position=400, server=7, database="hub", timeline=1, schema="s")


def noted(*notes: tuple[float, int]) -> Progress:
    progress = Progress()
    for note in notes:
        progress.note(*note)
    return progress


def test_what_is_replayed_is_as_old_as_the_newest_place_that_it_includes():
    progress = noted((1, 100), (2, 200), (3, 300))

    assert progress.as_of_seconds(150) == 1
    assert progress.as_of_seconds(299) == 2
    assert progress.as_of_seconds(300) == 3


def test_a_standby_of_an_idle_primary_grows_no_older():
    progress = noted(*((at, 100) for at in range(1000)))

    assert progress.as_of_seconds(100) == 999


@pytest.mark.parametrize("replayed", [None, 99])
def test_nothing_is_known_before_the_first_place_is_replayed(replayed: int | None):
    assert noted((1, 100)).as_of_seconds(replayed) is None
    assert Progress().as_of_seconds(replayed) is None


def test_a_standby_that_lost_what_it_had_replayed_is_known_no_more():
    progress = noted((1, 100), (2, 200))
    assert progress.as_of_seconds(200) == 2

    assert progress.as_of_seconds(150) is None


@pytest.mark.parametrize(
    ("theirs", "reason"),
    [
        (THEIRS, None),
        (replace(THEIRS, position=500, timeline=2), None),
        (replace(THEIRS, is_standby=False, position=None), "it is no standby: it takes writes of its own"),
        (replace(THEIRS, server=8), "it is a standby of another server"),
        (replace(THEIRS, database="other"), "it is the database other, ours is hub"),
        (replace(THEIRS, position=501), "it has changes that our database does not have"),
        (replace(THEIRS, timeline=3), "it has changes that our database does not have"),
        (replace(THEIRS, schema="t"), "it has another schema"),
    ],
)
def test_only_a_standby_of_our_database_with_our_schema_is_one(theirs: Replica, reason: str | None):
    assert why_not(OURS, theirs) == reason


@pytest.mark.parametrize("text", ["0", "0.9", "61", "-1", "nan", "inf", "five", "5 s"])
def test_a_bound_that_is_none_is_refused(text: str):
    with pytest.raises(ConfigError, match="DATABASE_REPLICA_MAX_LAG_SECONDS is a number of seconds from 1 to 60"):
        replica_max_lag_seconds({"DATABASE_REPLICA_MAX_LAG_SECONDS": text})


def test_the_bound_is_five_seconds_unless_it_is_set():
    assert replica_max_lag_seconds({}) == 5
    assert replica_max_lag_seconds({"DATABASE_REPLICA_MAX_LAG_SECONDS": "1.5"}) == 1.5


def test_a_version_is_newer_where_any_part_of_it_is():
    here = Change(AT, AT, None)
    later = AT + timedelta(microseconds=1)

    assert here.is_before(Change(AT, later, None).version)
    assert here.is_before(Change(AT, AT, AT).version)
    assert not here.is_before(here.version)
    assert not Change(later, AT, None).is_before(here.version)


@pytest.mark.parametrize("rubbish", ["", "1-2", "9-9-x", "9" * 5000, "-".join(["9" * 5000] * 3), "gone"])
def test_a_word_that_is_no_version_is_not_newer(rubbish: str):
    assert not Change(AT, AT, None).is_before(rubbish)
