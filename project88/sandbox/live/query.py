"""The query parameters of a call as a value. Refuses what cannot be read; looks nothing up."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from project88.sandbox.live.auth import Refused

SECRET_PARAMETERS = frozenset({"user_pass", "password", "client_secret"})


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """``size`` is already capped; None for ``interval`` or ``bracket`` means that it was not asked."""

    page: int
    size: int
    interval: str | None
    bracket: str | None
    columns: tuple[str, ...]
    elide: bool
    with_test_entries: bool


def read_query(query: Mapping[str, str], page_size: int, page_cap: int) -> Query:
    if query.get("format", "json") != "json":
        raise Refused(400, f"format {query['format']} is not supported")
    columns = query.get("columns", "")
    return Query(
        page=_positive(query, "page", 1),
        size=min(_positive(query, "size", page_size), page_cap),
        interval=query.get("interval") or None,
        bracket=query.get("bracket") or None,
        columns=tuple(name.strip() for name in columns.split(",") if name.strip()),
        elide=query.get("elide_json") == "true",
        with_test_entries=query.get("include_test_entries") == "true",
    )


def without_secrets(query: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in query.items() if name not in SECRET_PARAMETERS}


def _positive(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal() or int(text) < 1:
        raise Refused(400, f"{name} must be a positive number")
    return int(text)
