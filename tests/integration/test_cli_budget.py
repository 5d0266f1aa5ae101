"""`project88 budget` as an operator types it, on a real database."""

from __future__ import annotations

from pathlib import Path

from project88.records.entities import ProviderId
from project88.store import breakers, budget
from project88.store.connection import Database
from project88.store.partners import add_partner, set_credentials
from project88.store.scope import Source
from tests.hub_command import HubCommand


async def add_login(db: Database, name: str, provider_id: int, provider: str, **config: object) -> Source:
    partner = await add_partner(db, name, "UTC")
    await set_credentials(db, partner, provider, "me", "a secret word", config)
    return Source(timing_partner_id=partner, provider_id=ProviderId(provider_id), data_source=provider)


async def test_the_budget_tells_what_is_allowed_used_and_left_and_what_holds_it_back(
    db: Database, database_url: str, tmp_path: Path
):
    hub = HubCommand(database_url, tmp_path)
    summit = await add_login(db, "Summit Timing", 1, "chronotrack_live", rate_limit=6000)
    ridge = await add_login(db, "Ridge Timing", 1, "chronotrack_live", rate_limit="many")
    await budget.reserve(db, summit, 3, 6000)
    await budget.pause(db, summit, 600, "the service asks for 10 minutes")
    await breakers.login_refused(db, ridge)
    listed = await hub("budget", "--json")
    shown = await hub("budget")
    one = await hub("budget", "--timing-partner-id", str(ridge.timing_partner_id), "--json")
    busy, refused = listed.json

    assert (listed.code, shown.code, one.code) == (0, 0, 0)
    counts = [busy[name] for name in ("allowed", "used", "left", "highest", "calls_today")]
    assert counts == [6000, 3, 5997, 3, 3]
    assert busy["pause_reason"] == "the service asks for 10 minutes"
    assert busy["paused_until"]
    assert busy["left_alone_until"] is None
    assert (refused["allowed"], refused["left_alone_reason"], refused["paused_until"]) == (None, "check login", None)
    assert "check login" in shown.lines[2]
    assert [refused] == one.json
    assert "a secret word" not in listed.out + shown.out


async def test_without_a_login_it_says_how_to_store_one(database_url: str, tmp_path: Path):
    shown = await HubCommand(database_url, tmp_path)("budget")

    assert (shown.code, shown.out) == (0, "no login is stored: run project88 credentials set\n")
