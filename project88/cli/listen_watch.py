"""``project88 listen --watch``: how a running listener stands, again and again. Asks its status port only."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from project88.cli.common import stop_on_signals
from project88.errors import EXIT_DONE, EXIT_FAILED

if TYPE_CHECKING:
    from rich.console import RenderableType

EVERY_SECONDS = 1.0
COLUMNS = ("session", "event", "computer", "location", "reads", "last number", "last read", "missing")
RIGHT = frozenset({"reads", "last number"})
MISSING_SHOWN = 3
EXITS = {"ok": EXIT_DONE, "degraded": EXIT_FAILED, "failing": 2}


async def watch_status(status_port: int, duration: float | None) -> int:
    """0, 1 or 2 as the last look was ok, degraded or failing; 2 too where nothing answers."""
    from rich.console import Console
    from rich.live import Live

    from project88.edges import clock
    from project88.schedule.service import stopped_within

    console = Console()
    end = None if duration is None else clock.monotonic() + duration
    code = 2
    with stop_on_signals() as stop, Live(console=console, auto_refresh=False, screen=console.is_terminal) as live:
        while not stop.is_set() and (end is None or clock.monotonic() < end):
            found = await _status(status_port)
            code = 2 if found is None else EXITS[found["status"]]
            picture = _nobody(status_port) if found is None else _picture(found)
            live.update(picture, refresh=True)
            await stopped_within(stop, EVERY_SECONDS)
    sys.stdout.flush()
    return code


async def _status(status_port: int) -> dict[str, Any] | None:
    import msgspec

    from project88.edges.http import local_document

    body = await local_document(f"http://127.0.0.1:{status_port}/status")
    return None if body is None else msgspec.json.decode(body)


def _nobody(status_port: int) -> RenderableType:
    from rich.text import Text

    return Text(f"no listener answers at 127.0.0.1:{status_port}; project88 listen starts one", style="red")


def _picture(found: dict[str, Any]) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    style = {"ok": "green", "degraded": "yellow", "failing": "red"}[found["status"]]
    head = Text(
        f"{found['status']}  {found['connections']} connected  {found['reads_per_second']:.0f} reads/s  "
        f"{found['reads']:,} reads  spool {found['spool_waiting_bytes'] / 1024:,.0f} KiB waiting  "
        f"database {found['database_lag_seconds']:.1f} s behind",
        style=f"bold {style}",
    )
    table = Table(box=None, pad_edge=False)
    for name in COLUMNS:
        table.add_column(name, justify="right" if name in RIGHT else "left")
    for row in _rows(found):
        table.add_row(*row)
    return Group(head, *(Text(f"  {problem}", style=style) for problem in found["problems"]), Text(""), table)


def _rows(found: dict[str, Any]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for session in found["sessions"]:
        link = session["link"] or {"address": "", "account": ""}
        for place in session["locations"]:
            missing = ", ".join(f"{low}-{high}" for low, high in place["missing"][:MISSING_SHOWN])
            rows.append(
                (
                    f"{session['timing_session_id'] or ''} {session['name'] or ''}".strip(),
                    session["event_id"] or "not bound",
                    f"{link['account'] or ''} {link['address']}".strip(),
                    place["location"],
                    f"{place['received']:,}",
                    str(place["last_sequence"]),
                    (place["last_read_at"] or "")[11:19],
                    missing + (" ..." if len(place["missing"]) > MISSING_SHOWN else ""),
                )
            )
    return rows
