"""What the sync commands tell of each attempt: a line while it goes on, a row at the end. Collects nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import msgspec
import typer

from project88.store.events import StoredEvent
from project88.store.history import Outcome

LIST_COLUMNS = ("status", "events", "written", "quarantined", "calls", "reason")
EVENT_COLUMNS = ("event", "name", "status", "participants", "results", "written", "retracted", "calls", "reason")


class Synced(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt. Counts are rows seen, except the written, retracted, held and quarantined ones."""

    event_id: str | None
    provider_event_id: str | None
    event_name: str | None
    status: str
    events: int
    participants: int
    results: int
    written: int
    retracted: int
    held: int
    quarantined: int
    calls: int
    reason: str | None
    #: Empty for the main account of the partner with the provider.
    account: str = ""

    @classmethod
    def of(cls, event: StoredEvent | None, outcome: Outcome, account: str = "") -> Synced:
        reasons = [text for text in (outcome.reason, outcome.error_message) if text]
        return cls(
            event_id=event.event_id if event else None,
            provider_event_id=event.provider_event_id if event else None,
            event_name=event.event_name if event else None,
            status=outcome.status,
            events=outcome.events_synced,
            participants=outcome.participants_synced,
            results=outcome.results_synced,
            written=outcome.rows_written,
            retracted=outcome.rows_retracted,
            held=outcome.rows_held,
            quarantined=outcome.rows_quarantined,
            calls=outcome.api_calls,
            reason="; ".join(reasons) or None,
            account=account,
        )

    @property
    def is_complete(self) -> bool:
        return self.status == "completed"

    def line(self) -> str:
        reason = f" ({self.reason})" if self.reason else ""
        return (
            f"{self.event_name or self.event_id}: {self.status}, {self.participants} participants, "
            f"{self.results} results, {self.written} written{reason}"
        )


def list_row(synced: Synced) -> Sequence[object]:
    reason = ": ".join(text for text in (synced.account and f"account {synced.account}", synced.reason) if text)
    return (synced.status, synced.events, synced.written, synced.quarantined, synced.calls, reason or None)


def event_row(synced: Synced) -> Sequence[object]:
    return (
        synced.event_id,
        synced.event_name,
        synced.status,
        synced.participants,
        synced.results,
        synced.written,
        synced.retracted,
        synced.calls,
        synced.reason,
    )


@contextmanager
def progress(total: int) -> Iterator[Callable[[str], None]]:
    """Tell of each finished event on standard error: a bar on a terminal, a line each elsewhere."""
    if sys.stderr.isatty():
        with _bar(total) as tell:
            yield tell
    else:
        yield lambda line: typer.echo(line, err=True)


@contextmanager
def _bar(total: int) -> Iterator[Callable[[str], None]]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total)
        yield lambda line: bar.update(task, advance=1, description=escape(line))
