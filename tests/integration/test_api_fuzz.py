"""The JSON API against requests made up by its own description: no failure, and no answer that it does not describe."""

from __future__ import annotations

import asyncio
from typing import Any

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
from project88.web.api.openapi import description
from project88.web.api.routes import VERSION
from tests.integration.test_api import TWO_PARTNERS, serving
from tests.integration.test_web import fill

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
EXAMPLES = 6


def call_all(address: str, token: str, mode: GenerationMode) -> dict[int, int]:
    """Call every operation with made up parameters, with and without a token; how often each status was answered."""
    schema = schemathesis.openapi.from_dict(description())
    statuses: dict[int, int] = {}
    for found in schema.get_all_operations():
        operation = found.ok()
        examples = EXAMPLES if any(operation.iter_parameters()) else 1

        @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def call(case: Any) -> None:
            for headers in ({}, {"Authorization": f"Bearer {token}"}):
                response = case.call(base_url=address + VERSION, headers=headers)
                statuses[response.status_code] = statuses.get(response.status_code, 0) + 1
                case.validate_response(response, checks=CHECKS)

        call()
    return statuses


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
async def test_no_made_up_request_fails_or_is_answered_as_the_description_does_not_say(
    db: Database, monkeypatch, tmp_path, mode: GenerationMode
):
    monkeypatch.setenv("PROJECT88_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PROJECT88_API_CALLS_PER_ADDRESS", "100000")
    monkeypatch.setenv("PROJECT88_API_CALLS_PER_TOKEN", "100000")
    await fill(db, TWO_PARTNERS)
    token = (await api_tokens.add(db, 1, "fuzz", SCOPES, None)).token
    async with serving(db) as address:
        statuses = await asyncio.to_thread(call_all, address, token, mode)

    assert sum(statuses.values()) > 10 * EXAMPLES
    assert {200, 404} <= set(statuses) if mode is GenerationMode.POSITIVE else 400 in statuses
