"""A plain HTTP client for the tests of the stand-ins, and what it got. Knows no service."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import aiohttp


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: Any


async def call(
    session: aiohttp.ClientSession,
    url: str,
    query: dict[str, str] | None = None,
    *,
    headers: dict[str, str] | None = None,
    form: dict[str, str] | None = None,
) -> Answer:
    """A GET, or a POST when there is a form."""
    method = "GET" if form is None else "POST"
    async with session.request(method, url, params=query, headers=headers, data=form) as response:
        raw = await response.read()
        body = json.loads(raw) if response.content_type == "application/json" else raw.decode()
        return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, body)
