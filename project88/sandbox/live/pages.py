"""From an answer and a query to a body and its paging headers. Opens no socket; the faults of a call are given."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from project88.sandbox.faults import Strikes
from project88.sandbox.live.fault_effects import alter, reshape, show_blanks
from project88.sandbox.live.listings import Listing
from project88.sandbox.live.query import Query
from project88.sandbox.live.render import Row
from project88.sandbox.live.resources import Many, One

JSON = "application/json"
ENDLESS_PAGES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is sent back, before anything cuts or slows it."""

    status: int = 200
    body: bytes
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


def error_reply(status: int, message: str, headers: dict[str, str] | None = None) -> Reply:
    return Reply(status=status, body=msgspec.json.encode({"error": message}), headers=headers or {})


def entity_reply(one: One, query: Query, strikes: Strikes, blank: str) -> Reply:
    if one.row is None:
        return Reply(body=b"{}")
    rows = _dress([one.row], query, strikes, blank)
    return Reply(body=msgspec.json.encode({one.key: rows[0]}))


def page_reply(many: Many, query: Query, strikes: Strikes, blank: str) -> Reply:
    """One page of the list with the four headers. Past the last page it is an empty list."""
    listing = reshape(many.listing, strikes)
    size = min([query.size, *(fired.fault.cap for fired in strikes.of("page_cap"))])
    page = 1 if strikes.of("loop") else query.page
    rows = listing.rows((page - 1) * size, page * size)
    body = msgspec.json.encode({many.key: _dress(rows, query, strikes, blank)})
    headers = {} if strikes.of("no_headers") else _headers(listing, query, size, strikes)
    return Reply(body=body, headers=headers)


def _headers(listing: Listing, query: Query, size: int, strikes: Strikes) -> dict[str, str]:
    total = max(0, len(listing) + sum(fired.fault.rows for fired in strikes.of("totals")))
    page_count = ENDLESS_PAGES if strikes.of("loop") else -(-total // size)
    return {
        "X-Ctlive-Row-Count": str(total),
        "X-Ctlive-Page-Count": str(page_count),
        "X-Ctlive-Page-Size": str(size),
        "X-Ctlive-Current-Page": str(query.page),
    }


def _dress(rows: list[Row], query: Query, strikes: Strikes, blank: str) -> list[Row]:
    if query.columns:
        rows = [{name: row[name] for name in query.columns if name in row} for row in rows]
    rows = show_blanks(alter(rows, strikes), blank)
    return show_blanks(rows, "missing") if query.elide else rows
