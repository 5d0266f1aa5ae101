"""The JSON API against requests made up by its own description: no failure, and no answer that it does not describe.

Every operation is called with ids that are made up and with ids that exist, and from each cursor that it gives.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from project88.store import api_tokens
from project88.store.api_tokens import SCOPES
from project88.store.connection import Database
from project88.web.api.deliveries import deliver_due
from project88.web.api.openapi import WEBHOOK_HEADERS, description
from project88.web.api.routes import ENDPOINTS, VERSION
from tests.hub_command import HubCommand
from tests.integration import receivers
from tests.integration.test_api import TWO_PARTNERS, serving
from tests.integration.test_api_commands import add
from tests.integration.test_web import fill

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
EXAMPLES = 6
CURSORS_AT_MOST = 4
#: What exists, for each parameter of an address.
KNOWN = {"timing_partner_id": 1, "event_id": "p1", "race_id": "10", "participant_id": "e1"}
#: Parameters that are tried by themselves with ids that exist: what is made up seldom has one alone.
ALONE: dict[str, tuple[str, ...]] = {
    "as_of": ("2026-05-02T13:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2999-01-01T00:00:00+14:00"),
    "start": ("now",),
    "cursor": ("x", "W10", "e30", "bnVsbA", "Int9", "////", "🏁"),
    "from_date": ("0001-01-01", "9999-12-31"),
    "to_date": ("0001-01-01", "9999-12-31"),
    "q": ("%", "_", "\\", "'"),
    "limit": ("1", "1000"),
    "bib": ("%", "1"),
}  # fmt: skip


@dataclass
class Caller:
    """Calls the API with and without a token, and checks each answer against the description."""

    address: str
    token: str
    #: How often each status was answered, by operation.
    statuses: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    #: Which parameters an operation took with success.
    taken: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def call(self, operation: Any, case: Any) -> list[str]:
        """The cursors that were given."""
        cursors = []
        for headers in ({}, {"Authorization": f"Bearer {self.token}"}):
            response = case.call(base_url=self.address + VERSION, headers=headers)
            name = operation.definition.raw["operationId"]
            self.statuses[name][response.status_code] += 1
            case.validate_response(response, checks=CHECKS)
            if response.status_code == 200:
                self.taken[name] |= set(case.query or {})
                body = json.loads(response.content)
                cursors += [body[each] for each in ("next_cursor", "cursor") if body.get(each)]
        return cursors

    def call_and_go_on(self, operation: Any, case: Any) -> None:
        for cursor in self.call(operation, case)[:CURSORS_AT_MOST]:
            further = {**(case.query or {}), "cursor": cursor}
            further.pop("start", None)
            self.call(operation, operation.Case(path_parameters=case.path_parameters, query=further))


def operations() -> Iterator[Any]:
    for found in schemathesis.openapi.from_dict(description()).get_all_operations():
        yield found.ok()


def call_all(caller: Caller, mode: GenerationMode) -> None:
    """Every operation with what is made up."""
    for operation in operations():
        call_made_up(caller, operation, mode)


def call_made_up(caller: Caller, operation: Any, mode: GenerationMode) -> None:
    examples = EXAMPLES if any(operation.iter_parameters()) else 1

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: Any) -> None:
        caller.call(operation, case)
        if case.path_parameters and mode is GenerationMode.POSITIVE:
            case.path_parameters = known(operation)
            caller.call_and_go_on(operation, case)

    call()


def call_one_by_one(caller: Caller) -> None:
    """Every operation with ids that exist: without a parameter, then with each one that it has."""
    for operation in operations():
        caller.call_and_go_on(operation, operation.Case(path_parameters=known(operation), query={}))
        for name in {parameter.name for parameter in operation.query} & ALONE.keys():
            for value in ALONE[name]:
                case = operation.Case(path_parameters=known(operation), query={name: value})
                caller.call_and_go_on(operation, case)


def known(operation: Any) -> dict[str, Any]:
    return {parameter.name: KNOWN[parameter.name] for parameter in operation.path_parameters}


@pytest.fixture
async def filled(db: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Database:
    monkeypatch.setenv("PROJECT88_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PROJECT88_API_CALLS_PER_ADDRESS", "100000")
    monkeypatch.setenv("PROJECT88_API_CALLS_PER_TOKEN", "100000")
    await fill(db, TWO_PARTNERS)
    return db


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
async def test_no_made_up_request_fails_or_is_answered_as_the_description_does_not_say(
    filled: Database, mode: GenerationMode
):
    token = (await api_tokens.add(filled, 1, "fuzz", SCOPES, None)).token
    async with serving(filled) as address:
        caller = Caller(address, token)
        await asyncio.to_thread(call_all, caller, mode)

    assert set(caller.statuses) == {each.name for each in ENDPOINTS}
    every = sum(caller.statuses.values(), Counter())
    assert every.total() > 10 * EXAMPLES
    assert {200, 404} <= set(every) if mode is GenerationMode.POSITIVE else 400 in every


async def test_every_operation_answers_for_what_exists_with_each_of_its_parameters_and_cursors(filled: Database):
    token = (await api_tokens.add(filled, 1, "fuzz", SCOPES, None)).token
    async with serving(filled) as address:
        caller = Caller(address, token)
        await asyncio.to_thread(call_one_by_one, caller)

    assert {name for name, statuses in caller.statuses.items() if statuses[200]} == {each.name for each in ENDPOINTS}
    assert {name for name, taken in caller.taken.items() if "as_of" in taken} == {"listResults", "getResult"}
    assert {name for name, taken in caller.taken.items() if "start" in taken} == {"followEvent", "followChanges"}
    with_cursor = {each.name for each in ENDPOINTS if "cursor" in each.asked.__struct_fields__}
    assert {name for name, taken in caller.taken.items() if "cursor" in taken} == with_cursor


async def test_what_a_webhook_is_sent_is_what_the_description_says(filled: Database, database_url: str, tmp_path: Path):
    said = description()
    body = said["webhooks"]["changes"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    validator = jsonschema_rs.validator_for({**body, "components": said["components"]})
    async with receivers.webhooks() as received:
        await add(HubCommand(database_url, tmp_path / "home"), received)
        for change in (
            "update ct_results set result_status = 'dq', updated_at = clock_timestamp() where timing_partner_id = 1",
            "update ct_participants set first_name = null, gender = null, updated_at = clock_timestamp()",
            "update ct_results set split_times = '[]', chip_time = null, updated_at = clock_timestamp()",
            "update ct_events set event_name = null, start_date = null, updated_at = clock_timestamp()",
            "delete from ct_results where entry_id < 'e2'",
            "delete from ct_events where event_id = 'p1'",
        ):
            await fill(filled, change)
            await fill(filled, "update webhooks set next_attempt_at = now()")
            assert {each.problem for each in await deliver_due(filled)} == {None}
    bodies = [json.loads(each) for each in received.bodies]

    assert len(bodies) >= 6
    for each in bodies:
        validator.validate(each)
    assert {entry["type"] for each in bodies for entry in each["data"]} == {"event", "result"}
    assert any(entry["deleted"] for each in bodies for entry in each["data"])
    assert all(WEBHOOK_HEADERS.keys() <= headers.keys() for headers in received.headers)
