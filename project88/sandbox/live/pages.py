"""From an answer and a query to a body and its paging headers. Opens no socket; the faults of a call are given."""

from __future__ import annotations

import msgspec

from project88.sandbox.faults import Strikes
from project88.sandbox.live.query import Query
from project88.sandbox.live.resources import Many, One
from project88.sandbox.service.fault_effects import alter, page_size, reshape, rows_at, show_blanks, total_of
from project88.sandbox.service.listings import Listing
from project88.sandbox.service.replies import Refused, Reply, json_reply
from project88.sandbox.service.rows import Row

ENDLESS_PAGES = 1_000_000


def error_reply(refused: Refused) -> Reply:
    return json_reply({"error": str(refused)}, refused.status, refused.headers)


def entity_reply(one: One, query: Query, strikes: Strikes, blank: str) -> Reply:
    if one.row is None:
        return Reply(body=b"{}")
    rows = _dress([one.row], query, strikes, blank)
    return Reply(body=msgspec.json.encode({one.key: rows[0]}))


def page_reply(many: Many, query: Query, strikes: Strikes, blank: str) -> Reply:
    """One page of the list with the four headers. Past the last page it is an empty list."""
    listing = reshape(many.listing, strikes)
    size = page_size(query.size, strikes)
    rows = rows_at(listing, (query.page - 1) * size, size, strikes)
    body = msgspec.json.encode({many.key: _dress(rows, query, strikes, blank)})
    headers = {} if strikes.of("no_headers") else _headers(listing, query, size, strikes)
    return Reply(body=body, headers=headers)


def _headers(listing: Listing, query: Query, size: int, strikes: Strikes) -> dict[str, str]:
    total = total_of(len(listing), strikes)
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
