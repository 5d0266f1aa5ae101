"""The query parameters of a call as a value. Refuses what cannot be read; looks nothing up."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from project88.sandbox.service.asked import positive
from project88.sandbox.service.replies import Refused


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
        page=positive(query, "page", 1),
        size=min(positive(query, "size", page_size), page_cap),
        interval=query.get("interval") or None,
        bracket=query.get("bracket") or None,
        columns=tuple(name.strip() for name in columns.split(",") if name.strip()),
        elide=query.get("elide_json") == "true",
        with_test_entries=query.get("include_test_entries") == "true",
    )
