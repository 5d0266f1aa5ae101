"""``project88 schedule``: when the hub asks for what. Needs no credentials and asks no provider."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from project88.cli.common import hub_database, print_json, print_table, run
from project88.cli.named import event_named
from project88.cli.options import AnyPartnerId, AsJson
from project88.cli.services import Duration, MetricsPort, tell
from project88.errors import EXIT_FAILED

if TYPE_CHECKING:
    from project88.schedule.anchors import Anchors
    from project88.schedule.plan import Poll
    from project88.store.cadence import EventTimes
    from project88.store.events import StoredEvent

POLLS_ON_A_SCREEN = 20
DEFAULT_PROVIDER = "chronotrack_live"
COLUMNS = ("due (UTC)", "local time", "in", "kind", "phase", "lane", "reason")
SPANS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))

app = typer.Typer()


class Switch(StrEnum):
    on = "on"
    off = "off"


class PlannedPoll(msgspec.Struct, frozen=True, kw_only=True):
    """A poll as JSON."""

    due: datetime
    kind: str
    phase: str
    lane: str
    reason: str


@app.callback(invoke_without_command=True)
def schedule(
    context: typer.Context,
    with_worker: Annotated[bool, typer.Option("--with-worker", help="Run the polls in this process, too.")] = False,
    metrics_port: MetricsPort = None,
    duration: Duration = None,
) -> None:
    """Plan until SIGTERM or Ctrl-C, and hand each poll to the workers when it is due.

    It asks no service; project88 worker does. Two planners double nothing: either goes on when the other one ends.

    Example: project88 schedule --with-worker
    """
    if context.invoked_subcommand is None:
        run(_schedule(with_worker, metrics_port, duration))


@app.command("plan")
def plan_command(
    event: Annotated[str, typer.Argument(help="Our id of the event, or the provider's.", metavar="EVENT")],
    timing_partner_id: AnyPartnerId = None,
    every: Annotated[bool, typer.Option("--all", help="From the first poll to the last, past ones too.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="At most so many polls; a table: 20.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the coming polls of an event and why each is due: results, participants, and the next list of events.

    Exits 1 where nothing can be planned, and says why.

    Example: project88 schedule plan 8412 --all --json
    """
    run(_plan(event, timing_partner_id, every, limit, as_json))


@app.command("tail")
def tail_command(
    state: Annotated[Switch, typer.Argument(help="Whether to ask for late corrections.", metavar="on|off")],
    provider: Annotated[str, typer.Option("--provider", help="The provider.")] = DEFAULT_PROVIDER,
) -> None:
    """Switch the correction tail: the few polls of results that come after the regular ones have ended.

    Example: project88 schedule tail off
    """
    run(_switch_tail(provider, state))


async def _schedule(with_worker: bool, metrics_port: int | None, duration: float | None) -> None:
    import asyncio

    from project88.cli.services import deliver, service, work
    from project88.schedule.service import plan_until

    async with service(metrics_port, duration) as running, asyncio.TaskGroup() as tasks:
        tell("The planner hands polls over as they fall due. Ctrl-C or SIGTERM ends it.")
        tasks.create_task(plan_until(running.db, running.stop))
        tasks.create_task(deliver(running))
        if with_worker:
            tasks.create_task(work(running))
    tell("Stopped.")


async def _plan(event_text: str, timing_partner_id: int | None, every: bool, limit: int | None, as_json: bool) -> None:
    from project88.schedule.coming import coming

    async with hub_database() as db:
        event = await event_named(db, event_text, timing_partner_id)
        found = await coming(db, event)
    if found.anchors is None:
        typer.echo(f"nothing can be planned for event {event.event_id}: {found.why_not}", err=True)
        raise typer.Exit(EXIT_FAILED)
    planned = list(found.polls(every))
    if as_json:
        print_json([_as_json(poll) for poll in planned[:limit]])
        return
    zone = _zone_of(found.times)
    typer.echo("\n".join(_head(event, found.anchors, found.now, zone)) + "\n")
    shown = planned[: limit or (len(planned) if every else POLLS_ON_A_SCREEN)]
    print_table(COLUMNS, [_row(poll, found.now, zone) for poll in shown])
    if all(poll.kind == "discovery" for poll in planned):
        typer.echo("\nthe plan of this event has ended; project88 sync results collects it once more")
    if len(shown) < len(planned):
        typer.echo(f"\n{len(planned) - len(shown):,} more: --limit N shows more polls, --all every one, past ones too")


async def _switch_tail(provider: str, state: Switch) -> None:
    from project88.store.cadence import switch_tail

    async with hub_database() as db:
        phases = await switch_tail(db, provider, state is Switch.on)
    typer.echo(f"{provider}: {', '.join(phases)} switched {state.value}")


def _as_json(poll: Poll) -> PlannedPoll:
    return PlannedPoll(due=poll.due, kind=poll.kind, phase=poll.phase, lane=poll.lane, reason=poll.reason)


def _head(event: StoredEvent, anchors: Anchors, now: datetime, zone: tzinfo) -> Iterator[str]:
    account = f", account {event.account_name}" if event.account_name else ""
    yield f"{event.event_name or 'an event without a name'}, event {event.event_id} of {event.data_source}{account}"
    yield f"start: {_instant(anchors.start, zone)}"
    if anchors.gun_start is not None:
        yield f"gun:   {_instant(anchors.gun_start, zone)}, the phases follow it"
    known = "" if anchors.ends == anchors.end else ", taken as a day after the start because none is known"
    yield f"end:   {_instant(anchors.ends, zone)}{known}"
    yield f"now:   {_instant(now, zone)}"
    if anchors.remark is not None:
        yield f"note:  {anchors.remark}"


def _row(poll: Poll, now: datetime, zone: tzinfo) -> Sequence[object]:
    there = f"{poll.due.astimezone(zone):%a %H:%M:%S %Z}"
    span = span_words(poll.due - now)
    return f"{poll.due:%Y-%m-%d %H:%M:%S}", there, span, poll.kind, poll.phase, poll.lane, poll.reason


def _instant(at: datetime | None, zone: tzinfo) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, {at.astimezone(zone):%a %H:%M:%S %Z}" if at else "unknown"


def _zone_of(times: EventTimes) -> tzinfo:
    """The event's own zone, else its partner's."""
    from project88.schedule.anchors import zone_of

    return zone_of(times.event_time_zone or times.partner_time_zone)


def span_words(span: timedelta) -> str:
    """A span in its two largest units; one that is over says so."""
    left = int(abs(span).total_seconds())
    parts = []
    for name, seconds in SPANS:
        count, left = divmod(left, seconds)
        parts.append(f"{count} {name}" if count else "")
    first = next((number for number, part in enumerate(parts) if part), len(parts) - 1)
    text = " ".join(part for part in parts[first : first + 2] if part) or "0 s"
    return f"{text} ago" if span < timedelta() else text
