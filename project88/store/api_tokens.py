"""The tokens of the JSON API: made, found by what a caller shows, revoked. Only their SHA-256 is stored."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, get_args

from project88.errors import UsageError
from project88.store.connection import Database
from project88.store.queries import load
from project88.store.shown_once import secret_hash

queries = load("api_tokens")

Scope = Literal["results", "participants", "status"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
#: So that a token is known for one wherever it turns up.
PREFIX = "p88_"
RANDOM_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A valid token that a caller showed."""

    api_token_id: int
    timing_partner_id: int
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    api_token_id: int
    #: Shown once; nobody can find it out later.
    token: str = field(repr=False)


async def add(
    db: Database, timing_partner_id: int, name: str, scopes: Collection[str], valid_for: timedelta | None
) -> NewToken:
    """Raises UsageError where there is no such timing partner."""
    token = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    parameters = {
        "timing_partner_id": timing_partner_id,
        "name": name,
        "token_hash": secret_hash(token),
        "scopes": sorted(scopes),
        "valid_for": valid_for,
    }
    number = await db.value(queries["add"], parameters)
    if number is None:
        raise UsageError(f"timing partner {timing_partner_id} does not exist: see project88 partner list")
    return NewToken(api_token_id=number, token=token)


async def listed(db: Database, timing_partner_id: int | None) -> list[dict[str, Any]]:
    return await db.rows(queries["listed"], {"timing_partner_id": timing_partner_id})


async def revoke(db: Database, api_token_id: int) -> None:
    """Raises UsageError where there is no such token."""
    if await db.execute(queries["revoke"], {"api_token_id": api_token_id}) != 1:
        raise UsageError(f"token {api_token_id} does not exist: see project88 api-token list")


async def find(db: Database, token: str) -> ApiToken | None:
    """None where it is unknown, expired or revoked, or where its partner may not use the API."""
    row = await db.row(queries["find"], {"token_hash": secret_hash(token)})
    if row is None:
        return None
    return ApiToken(
        api_token_id=row["api_token_id"],
        timing_partner_id=row["timing_partner_id"],
        scopes=frozenset(row["scopes"]),
    )
