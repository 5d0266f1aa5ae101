"""What an operator types and reads about the engine: jobs, figures, log lines."""

from __future__ import annotations

import json
import re
import socket

import aiohttp
import pytest

from project88.edges.metrics import Metrics
from project88.errors import EXIT_USAGE
from project88.sandbox import Fault, serve
from project88.sandbox.live.settings import CLIENT_SECRET, PASSWORD, LiveSettings
from project88.schedule.planner import Planner
from project88.sync.discovery import discover
from tests.hub_command import HubCommand
from tests.integration.collecting import account_on, hub_on, only_event
from tests.integration.scheduling import (
    look,
    planners,
    processes,
    the_poll,
    until,
    until_polled,
    until_state,
    workers,
    world_due_now,
)

OWNER = 'provider="chronotrack_live",(state="waiting",)?timing_partner="Timers"'
FIGURES = (
    r'project88_polls_total\{kind="results",provider="chronotrack_live",status="completed",timing_partner="Timers"\} 1',
    rf"project88_budget_calls_left\{{{OWNER}\}} \d",
    rf"project88_budget_calls_used\{{{OWNER}\}} \d",
    rf"project88_plan_rows\{{{OWNER}\}} \d",
    rf"project88_rows_written_total\{{{OWNER}\}} \d",
)
LEVELS = {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}


@pytest.fixture
def command(database_url, tmp_path):
    return HubCommand(database_url, tmp_path)


async def test_jobs_shows_the_plan_as_a_table_and_as_json(db, command):
    world = world_due_now(3)
    event = only_event(world)
    async with hub_on(db, world):
        await Planner(db).look_at_everything()
        table = await command("jobs")
        listed = await command("jobs", "--json", "--kind", "results")
        waiting = await command("jobs", "--state", "waiting", "--state", "parked", "--json", "--event", event)
        ended = await command("jobs", "--state", "ended", "--json")

    assert (table.code, listed.code, ended.code) == (0, 0, 0)
    assert table.lines[0].split()[:5] == ["partner", "event", "kind", "state", "lane"]
    assert any(line.startswith("Timers") and f"{event} List of 3" in line for line in table.lines[1:])
    [row] = listed.json
    assert (row["provider_event_id"], row["kind"], row["state"]) == (event, "results", "waiting")
    assert row["next_due"].endswith(("Z", "+00:00"))
    assert {row["kind"] for row in waiting.json} == {"results", "participants"}
    assert ended.json == []


async def test_a_parked_poll_waits_for_retry_and_runs_then(db, command):
    world = world_due_now(3)
    event = only_event(world)
    async with hub_on(db, world), planners(db):
        await until_state(db, "queued")
        parked = await command("jobs", "park", event, "--kind", "results")
        async with workers(db):
            await until_polled(db, 1, "participants")
            still = await the_poll(db)
            shown = await command("jobs", "--state", "parked", "--json")
            retried = await command("jobs", "retry", event, "--kind", "results")
            await until_polled(db, 1)

    assert (parked.code, parked.out) == (0, "1 polls parked.\n")
    assert (still["state"], still["polls"], still["last_error"]) == ("parked", 0, "parked by a person")
    assert [row["last_error"] for row in shown.json] == ["parked by a person"]
    assert (retried.code, retried.out) == (0, "1 polls are due now.\n")


async def test_an_event_that_nobody_knows_or_several_know_is_a_wrong_command(db, command):
    world = world_due_now(3)
    event = only_event(world)
    async with hub_on(db, world) as hub, account_on(db, hub.sandbox, "Others") as others:
        await discover(others)
        await Planner(db).look_at_everything()
        unknown = [await command("jobs", *words) for words in (("park", "nope"), ("--event", "nope"), ("retry",))]
        ambiguous = await command("jobs", "park", event)
        named = await command("jobs", "park", event, "--timing-partner-id", "2")
        wrong_state = await command("jobs", "--state", "asleep")

    assert {each.code for each in unknown} == {EXIT_USAGE} == {ambiguous.code, wrong_state.code}
    assert "nope" in unknown[0].err
    assert "partner 1" in ambiguous.err
    assert "partner 2" in ambiguous.err
    assert (named.code, named.out) == (0, "2 polls parked.\n")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_a_worker_s_figures_name_everything_and_no_secret(db, database_url, tmp_path):
    port = free_port()
    constants = {"project88.schedule.figures.REFRESH_SECONDS": 0.2}
    # What a counter is called on the wire ends in _total.
    names = {family.name for family in Metrics().registry.collect()}
    text = ""
    async with (
        hub_on(db, world_due_now(3)),
        planners(db),
        processes(database_url, tmp_path, f"worker --metrics-port {port}", constants=constants),
        aiohttp.ClientSession() as http,
    ):
        await until_polled(db, 1)

        async def tells_of_the_poll():
            nonlocal text
            async with http.get(f"http://127.0.0.1:{port}/metrics") as answer:
                text = await answer.text()
            return all(re.search(figure, text) for figure in FIGURES)

        await until(tells_of_the_poll)

    assert names <= set(re.findall(r"^# TYPE (\w+?)(?:_total)? ", text, re.MULTILINE))
    assert "project88_database_up 1.0" in text
    assert 'project88_poll_late_seconds_bucket{lane="live",le="1.0"}' in text
    for secret in (PASSWORD, CLIENT_SECRET, "Authorization"):
        assert secret not in text


async def test_log_lines_are_json_on_request_and_hide_secrets(db, database_url, tmp_path):
    world = world_due_now(3)
    said = Fault(kind="error_key", path_glob="/api/event/*/race", message=f"no entry for {PASSWORD}\nsecond line")
    async with serve(world, LiveSettings(rate_limit=1_000_000)) as sandbox, account_on(db, sandbox) as account:
        await discover(account)
        sandbox.faults.add(said)
        environment = {"PROJECT88_LOG_FORMAT": "json"}
        commands = ("worker", "schedule")
        async with processes(database_url, tmp_path, *commands, environment=environment) as [worker, planner]:
            await until_polled(db, 1)
            for each in (worker, planner):
                each.process.terminate()
            codes = [await each.ended(10) for each in (worker, planner)]
        lines = [json.loads(line) for line in worker.log + planner.log]
        [stored] = await look(db, "select distinct error_message from sync_history where sync_type = 'results'")

    assert codes == [0, 0]
    assert {line["level"] for line in lines} <= LEVELS
    [failed] = [line for line in lines if line["level"] == "ERROR" and line["message"].startswith("results")]
    assert failed["action"] == "sync_failed"
    assert "no entry for" in failed["message"]
    assert PASSWORD not in "".join(worker.log + planner.log)
    assert PASSWORD not in stored["error_message"] + (await the_poll(db))["last_error"]
