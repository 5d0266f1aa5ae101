"""Answers of the API for many small events that differ in ids and starts only. Opens no socket, reads no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from bench import race
from bench.race import Row

FINISHERS = 6
UNKNOWN_TIMES = dict.fromkeys(
    (
        "race_planned_start_time",
        "race_planned_end_time",
        "race_actual_start_time",
        "race_actual_end_time",
        "race_age_ref_time",
    ),
    "",
)


class SmallEvents:
    """One race with one interval and a handful of finishers, whatever the event's id."""

    def __init__(self) -> None:
        whole = race.build(FINISHERS)
        full = whole.intervals[-1]
        race_id, interval_id = full["race_id"], full["interval_id"]
        self._event = whole.events[0]
        self._lists: Mapping[str, Sequence[bytes]] = {
            "race": _encoded([{**row, **UNKNOWN_TIMES} for row in whole.races if row["race_id"] == race_id]),
            "interval": _encoded([full]),
            "bracket": [],
            "entry": _encoded([row for row in whole.entries if row["race_id"] == race_id]),
            "results": _encoded([row for row in whole.results if row["results_interval_id"] == interval_id]),
        }

    def listed(self, event_id: int, start: float, end: float) -> bytes:
        """An event's row in the list of events; instants are epoch seconds."""
        known = {"event_id": str(event_id), "event_name": f"Small race {event_id}"}
        times = {"event_start_time": str(round(start)), "event_end_time": str(round(end))}
        return msgspec.json.encode({**self._event, **known, **times})

    def rows(self, list_name: str) -> Sequence[bytes] | None:
        """A list of any event; None where there is no such list."""
        return self._lists.get(list_name)


def response(envelope_key: str, rows: Sequence[bytes], page: int, size: int) -> bytes:
    """A whole HTTP response: one page of a list."""
    body = b'{"%s":[%s]}' % (envelope_key.encode(), b",".join(rows[(page - 1) * size : page * size]))
    lines = (
        "HTTP/1.1 200 OK",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"X-Ctlive-Row-Count: {len(rows)}",
        f"X-Ctlive-Page-Count: {-(-len(rows) // size)}",
        f"X-Ctlive-Page-Size: {size}",
        f"X-Ctlive-Current-Page: {page}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _encoded(rows: Sequence[Row]) -> list[bytes]:
    return list(race.encoded(rows))
