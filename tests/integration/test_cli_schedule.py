"""`project88 schedule` as an operator types it, on a real database that holds no credentials."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg.sql import SQL

from project88.store.budget import set_clock
from project88.store.connection import Database
from project88.store.partners import add_partner
from tests.hub_command import Finished, HubCommand

START = datetime(2026, 4, 20, 14, tzinfo=UTC)
ADD_EVENT = SQL("""
insert into ct_events (timing_partner_id, event_id, data_source, provider_event_id, event_name, start_date, end_date,
                       time_zone, upstream_state, retracted_at)
values (%(partner)s, %(event_id)s, %(data_source)s, %(provider_event_id)s, 'River Run', %(start)s, %(end)s,
        %(time_zone)s, %(upstream_state)s, %(retracted_at)s)
""")
ADD_RACE = SQL("""
insert into ct_races (timing_partner_id, event_id, data_source, race_id, planned_start, actual_start)
values (%(partner)s, 'p1', 'chronotrack_live', '71', %(planned)s, %(actual)s)
""")


@dataclass(frozen=True, slots=True)
class Hub:
    command: HubCommand
    db: Database
    partner: int

    async def __call__(self, *arguments: str) -> Finished:
        return await self.command("schedule", *arguments)

    async def add_event(self, **changes: Any) -> None:
        facts = {
            "partner": self.partner,
            "event_id": "p1",
            "data_source": "chronotrack_live",
            "provider_event_id": "8412",
            "start": START,
            "end": START + timedelta(hours=12),
            "time_zone": "America/New_York",
            "upstream_state": None,
            "retracted_at": None,
        }
        await self.db.execute(ADD_EVENT, {**facts, **changes})

    async def add_race(self, planned: datetime, actual: datetime | None) -> None:
        await self.db.execute(ADD_RACE, {"partner": self.partner, "planned": planned, "actual": actual})

    async def set_time(self, now: datetime) -> None:
        await set_clock(self.db, 1.0, 0.0)
        here = await self.db.value(SQL("select hub_now()"))
        await set_clock(self.db, 1.0, (now - here).total_seconds())


@pytest.fixture
async def hub(database_url: str, db: Database, tmp_path: Path) -> Hub:
    return Hub(HubCommand(database_url, tmp_path), db, await add_partner(db, "Summit Timing", "America/Denver"))


def due(poll: dict[str, str]) -> datetime:
    return datetime.fromisoformat(poll["due"])


def offsets(planned: list[dict[str, str]], phase: str) -> list[timedelta]:
    return [due(poll) - START for poll in planned if poll["phase"] == phase]


def result_polls(planned: list[dict[str, str]]) -> int:
    return sum(poll["kind"] == "results" for poll in planned)


async def test_all_of_the_plan_as_json_is_every_poll_from_the_first_to_the_last(hub: Hub):
    await hub.add_event()
    await hub.set_time(START + timedelta(days=1))
    planned = (await hub("plan", "8412", "--all", "--json")).json
    kinds = [poll["kind"] for poll in planned]

    assert offsets(planned, "intensive") == [timedelta(seconds=300 + number * 90) for number in range(197)]
    assert offsets(planned, "standard") == [timedelta(hours=number) for number in range(6, 73)]
    assert (kinds.count("results"), kinds.count("participants"), kinds.count("discovery")) == (285, 370, 1)
    assert [due(poll) for poll in planned] == sorted(due(poll) for poll in planned)
    assert all(poll["due"].endswith("Z") and poll["reason"] and "{" not in poll["reason"] for poll in planned)


async def test_the_coming_polls_are_those_from_the_hubs_time_on(hub: Hub):
    await hub.add_event()
    now = START + timedelta(hours=4, minutes=58)
    await hub.set_time(now)
    planned = (await hub("plan", "p1", "--json")).json

    assert due(planned[0]) == START + timedelta(hours=4, minutes=59)
    assert planned[0] | {"due": None} == {
        "due": None,
        "kind": "results",
        "phase": "intensive",
        "lane": "live",
        "reason": "poll 197 of 197: every 90 s from 5 min after the planned start until 5 h after it",
    }
    assert all(due(poll) >= now for poll in planned)
    assert [due(poll) for poll in planned if poll["kind"] == "discovery"] == [datetime(2026, 4, 21, 0, tzinfo=UTC)]
    assert len(planned) == 1 + 67 + 21 + 3 + 1


async def test_the_table_shows_twenty_polls_in_both_times_and_how_many_more_there_are(hub: Hub):
    await hub.add_event()
    await hub.set_time(START - timedelta(minutes=20))
    table = await hub("plan", "p1")
    short = await hub("plan", "p1", "--limit", "2")

    assert table.code == 0
    rows = [line for line in table.lines if line.startswith("2026-")]
    assert len(rows) == 20
    assert rows[0].startswith("2026-04-20 13:45:00  Mon 09:45:00 EDT")
    assert "start: 2026-04-20 14:00:00 UTC, Mon 10:00:00 EDT" in table.lines
    assert table.lines[-1].startswith(f"{285 + 5 + 1 - 20} more: --limit N")
    assert len([line for line in short.lines if line.startswith("2026-")]) == 2


async def test_the_phases_follow_the_gun_and_a_gun_that_cannot_be_is_told_of(hub: Hub):
    await hub.add_event()
    await hub.set_time(START)
    await hub.add_race(START, START + timedelta(minutes=7))
    followed = await hub("plan", "p1", "--json")
    told = await hub("plan", "p1")
    await hub.db.execute(SQL("update ct_races set actual_start = '2025-04-20 14:00Z'"))
    ignored = await hub("plan", "p1", "--json")

    assert offsets(followed.json, "intensive")[0] == timedelta(minutes=12)
    assert "after the gun" in next(poll["reason"] for poll in followed.json if poll["phase"] == "intensive")
    assert "gun:   2026-04-20 14:07:00 UTC, Mon 10:07:00 EDT, the phases follow it" in told.lines
    assert offsets(ignored.json, "intensive")[0] == timedelta(minutes=5)
    assert "2025-04-20 14:00 UTC of race 71 is ignored" in ignored.json[0]["reason"] + ignored.json[1]["reason"]


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"start": None}, "it has no start date"),
        ({"upstream_state": "archived"}, "it is archived upstream"),
        ({"retracted_at": START}, "it was retracted on 2026-04-20 14:00 UTC"),
        ({"data_source": "tcp_hardware"}, "no row for tcp_hardware"),
    ],
)
async def test_an_event_that_cannot_be_planned_is_explained_with_exit_code_1(hub: Hub, facts: dict[str, Any], why: str):
    await hub.add_event(**facts)
    as_text = await hub("plan", "p1")
    as_json = await hub("plan", "p1", "--json", "--all")

    for said in (as_text, as_json):
        assert (said.code, said.out) == (1, "")
        assert "nothing can be planned for event p1" in said.err
        assert why in said.err


async def test_an_id_that_two_partners_have_is_refused_until_the_partner_is_named(hub: Hub):
    other = await add_partner(hub.db, "Valley Timing", "UTC")
    await hub.add_event()
    await hub.add_event(partner=other, event_id="p2")
    await hub.set_time(START)
    both = await hub("plan", "8412")
    one = await hub("plan", "8412", "--timing-partner-id", str(other), "--json")

    assert both.code == 2
    assert "p1" in both.err
    assert "p2" in both.err
    assert one.code == 0


async def test_an_event_that_is_not_known_is_refused(hub: Hub):
    said = await hub("plan", "nowhere")

    assert said.code == 2
    assert "nowhere is not known" in said.err


async def test_the_tail_can_be_switched_off_and_on_again(hub: Hub):
    await hub.add_event()
    await hub.set_time(START)
    off = await hub("tail", "off")
    without = result_polls((await hub("plan", "p1", "--all", "--json")).json)
    on = await hub("tail", "on")
    with_tail = result_polls((await hub("plan", "p1", "--all", "--json")).json)

    assert off.out == "chronotrack_live: tail_daily, tail_weekly switched off\n"
    assert on.out == "chronotrack_live: tail_daily, tail_weekly switched on\n"
    assert (without, with_tail) == (264, 285)


async def test_a_plan_that_has_ended_says_so(hub: Hub):
    await hub.add_event()
    await hub.set_time(START + timedelta(days=91))
    said = await hub("plan", "p1")

    assert said.code == 0
    assert "the plan of this event has ended; project88 sync results collects it once more" in said.out
    assert len([line for line in said.lines if line.startswith("2026-")]) == 1


async def test_without_a_further_word_it_plans_until_its_time_is_over(hub: Hub):
    said = await hub("--duration", "0.2", "--metrics-port", "0")

    assert said.code == 0
    assert said.lines[-1] == "Stopped."
