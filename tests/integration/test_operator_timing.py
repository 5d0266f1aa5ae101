"""Timing sessions on the operator's page: bound, moved, named, set and closed as by the commands, by whoever may."""

from __future__ import annotations

from typing import Any

import pytest

from project88.store.connection import Database
from tests.integration.looking import look
from tests.integration.operator_site import ADMIN, READER, RIVER, SUMMIT, Operators

SESSION = "/operator/timing/1/1"


async def stored(db: Database, session: int = 1) -> dict[str, Any]:
    [row] = await look(
        db,
        "select event_id, session_name, time_zone, timing_day::text, closed_at is not null as is_closed"
        " from timing.timing_sessions where timing_session_id = %(session)s",
        session=session,
    )
    return row


async def test_a_session_is_bound_moved_named_set_and_closed(site: Operators):
    await look(
        site.db,
        "insert into ct_events (timing_partner_id, event_id, event_name, data_source)"
        " values (1, 'other', 'Second Run', 'tcp_hardware')",
    )
    async with site.as_user(SUMMIT) as browser:
        assert "bound to SUMMIT RUN: session 1" in await browser.post(f"{SESSION}/bind", event="hard")
        assert "bound to Second Run: session 1" in await browser.post(f"{SESSION}/bind", event="other")
        assert "is named North" in await browser.post(f"{SESSION}/name", name=" North ")
        assert "reads moved" in await browser.post(f"{SESSION}/time", zone="Europe/Paris", day="2026-05-02")
        assert "the session is closed" in await browser.post(f"{SESSION}/close")
        assert "was closed already" in await browser.post(f"{SESSION}/close")
        record = await browser.read("/operator/record")
    assert {
        "event_id": "other",
        "session_name": "North",
        "time_zone": "Europe/Paris",
        "timing_day": "2026-05-02",
        "is_closed": True,
    } == await stored(site.db)
    assert "bind a timing session" in record and "close a timing session" in record


@pytest.mark.parametrize(
    ("word", "fields", "why"),
    [
        ("bind", {"event": "live"}, "came from chronotrack_live"),
        ("bind", {"event": ""}, "This was not done"),
        ("name", {"name": " "}, "Give a name"),
        ("time", {"zone": "Mars/Olympus"}, "knows no time zone"),
        ("time", {"day": "May"}, "Write a day"),
        ("time", {"zone": "UTC", "location": "Nowhere"}, "has no location"),
        ("time", {}, "Give a time zone, a day, or both"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_reason(site: Operators, word: str, fields: dict[str, str], why: str):
    before = await stored(site.db)
    async with site.as_user(ADMIN) as browser:
        assert why in await browser.post(f"{SESSION}/{word}", status=409, **fields)
    assert before == await stored(site.db)


@pytest.mark.parametrize("word", ["bind", "name", "time", "close"])
async def test_a_session_is_changed_by_nobody_of_another_partner_and_by_nobody_who_only_looks(
    site: Operators, word: str
):
    before = await stored(site.db)
    async with site.as_user(RIVER) as river, site.as_user(READER) as reader:
        await river.post(f"{SESSION}/{word}", status=404, event="hard", name="x", zone="UTC")
        await river.post(f"/operator/timing/2/1/{word}", status=404, event="hard", name="x", zone="UTC")
        await reader.post(f"{SESSION}/{word}", status=403, event="hard", name="x", zone="UTC")
        assert f"{SESSION}/{word}" not in await reader.read(SESSION)
    assert before == await stored(site.db)
