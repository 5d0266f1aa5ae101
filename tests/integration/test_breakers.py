"""The breaker of a credential in PostgreSQL: opened by failures, probed by one poll, closed by an answer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from project88.records.entities import ProviderId
from project88.store import breakers
from project88.store.connection import Database
from project88.store.partners import add_partner, set_credentials
from project88.store.scope import Source
from tests.integration.looking import look

DEAD = "127.0.0.1/api/event did not answer in time"


@pytest.fixture
async def source(db: Database) -> Source:
    return await new_source(db, "Timers")


async def new_source(db: Database, name: str) -> Source:
    partner = await add_partner(db, name, "UTC")
    await set_credentials(db, partner, "chronotrack_live", "me", "secret", {})
    return Source(timing_partner_id=partner, provider_id=ProviderId(1), data_source="chronotrack_live")


async def fail(db: Database, source: Source, times: int) -> None:
    for _ in range(times):
        await breakers.failed(db, source, DEAD)


async def open_seconds(db: Database) -> float:
    return (await look(db, "select open_seconds from credential_breakers"))[0]["open_seconds"]


async def pass_time(db: Database) -> None:
    """The open period is over, and what probed is given up."""
    await look(
        db,
        "update credential_breakers set open_until = clock_timestamp() - interval '1 second',"
        " probe_until = probe_until - interval '1 day'",
    )


def seconds_from_now(instant: datetime | None) -> float:
    assert instant is not None
    return (instant - datetime.now(UTC)).total_seconds()


async def test_the_fifth_failure_in_a_row_opens_it_for_30_seconds_and_says_why(db: Database, source: Source) -> None:
    await fail(db, source, 4)
    before = await breakers.admit(db, source)
    await fail(db, source, 1)
    after = await breakers.admit(db, source)

    assert before.admitted
    assert (after.admitted, after.reason) == (False, DEAD)
    assert 0 < seconds_from_now(after.until) <= 30


async def test_an_answer_between_failures_begins_the_count_anew(db: Database, source: Source) -> None:
    await fail(db, source, 4)
    await breakers.succeeded(db, source)
    await fail(db, source, 4)

    assert (await breakers.admit(db, source)).admitted


async def test_another_partners_credential_is_not_touched(db: Database, source: Source) -> None:
    other = await new_source(db, "Others")
    await fail(db, source, 5)

    assert (await breakers.admit(db, other)).admitted


async def test_polls_that_fail_while_it_is_open_do_not_prolong_it(db: Database, source: Source) -> None:
    await fail(db, source, 5)
    until = (await breakers.admit(db, source)).until
    await fail(db, source, 20)

    assert until == (await breakers.admit(db, source)).until


async def test_one_of_many_callers_probes_when_the_time_has_passed(db: Database, source: Source) -> None:
    await fail(db, source, 5)
    await pass_time(db)
    answers = await asyncio.gather(*(breakers.admit(db, source) for _ in range(8)))
    refused = [answer for answer in answers if not answer.admitted]

    assert 7 == len(refused)
    assert {DEAD} == {answer.reason for answer in refused}
    assert all(0 < seconds_from_now(answer.until) <= 5 for answer in refused)


async def test_a_probe_that_is_answered_lets_everybody_in(db: Database, source: Source) -> None:
    await fail(db, source, 5)
    await pass_time(db)
    await breakers.admit(db, source)
    await breakers.succeeded(db, source)

    assert all([(await breakers.admit(db, source)).admitted for _ in range(3)])


async def test_each_failed_probe_doubles_the_time_up_to_10_minutes(db: Database, source: Source) -> None:
    await fail(db, source, 5)
    periods = []
    for _ in range(6):
        periods.append(await open_seconds(db))
        await pass_time(db)
        assert (await breakers.admit(db, source)).admitted
        await fail(db, source, 1)
        assert not (await breakers.admit(db, source)).admitted

    assert periods == [30, 60, 120, 240, 480, 600]


async def test_a_probe_that_was_killed_is_followed_by_another(db: Database, source: Source) -> None:
    await fail(db, source, 5)
    await pass_time(db)
    await breakers.admit(db, source)
    await pass_time(db)

    assert [True, False] == [(await breakers.admit(db, source)).admitted for _ in range(2)]


async def test_a_refused_login_opens_it_at_once_and_longer(db: Database, source: Source) -> None:
    await breakers.login_refused(db, source)
    refused = await breakers.admit(db, source)
    periods = []
    for _ in range(6):
        periods.append(await open_seconds(db))
        await pass_time(db)
        await breakers.login_refused(db, source)

    assert (refused.admitted, refused.reason) == (False, "check login")
    assert 14 * 60 < seconds_from_now(refused.until) <= 15 * 60
    assert periods == [900, 1800, 3600, 7200, 14400, 21600]


async def test_a_refused_login_outweighs_a_dead_service(db: Database, source: Source) -> None:
    await fail(db, source, 5)
    await breakers.login_refused(db, source)
    await fail(db, source, 1)

    assert "check login" == (await breakers.admit(db, source)).reason
    assert 900 == await open_seconds(db)


@pytest.mark.parametrize("by_hand", [False, True])
async def test_a_changed_credential_closes_its_breaker_alone(db: Database, source: Source, by_hand: bool) -> None:
    other = await new_source(db, "Others")
    await breakers.login_refused(db, source)
    await breakers.login_refused(db, other)
    if by_hand:
        await look(
            db,
            "update partner_provider_credentials set secret = 'new' where timing_partner_id = %(partner)s",
            partner=source.timing_partner_id,
        )
    else:
        await set_credentials(db, source.timing_partner_id, "chronotrack_live", "me", "new", {})

    assert (await breakers.admit(db, source)).admitted
    assert not (await breakers.admit(db, other)).admitted
