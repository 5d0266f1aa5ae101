"""``project88 duplicates``: events that reach us from two sources, and what is done with them. Calls no service."""

from __future__ import annotations

import shutil
import sys
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from project88.cli.common import hub_database, print_json, print_table, run
from project88.cli.named import partner_named
from project88.cli.options import AnyPartnerId, AsJson, By, PartnerId, said

if TYPE_CHECKING:
    from project88.store.duplicates import Holding, Pair
    from project88.store.event_moves import Moved

COLUMNS = ("event", "source", "name", "start", "hardware event", "its name", "its start", "why", "decision", "by")
#: On a narrow terminal; show has the rest.
FEW_COLUMNS = ("event", "name", "hardware event", "its name", "why", "decision")
WIDTH_OF_ALL_COLUMNS = 150
DECISIONS = {
    "review": "waits for you: {provider_event_id} is {state}",
    "skipped": "{provider_event_id} is not collected",
    "merged": "collected under {event_id}",
    "kept_both": "two events",
}

#: What of the same event is decided with another event of the hardware.
BESIDE = {
    "review": "whether {provider_event_id} is event {event_id} waits for you, too",
    "skipped": "{provider_event_id} is skipped as a duplicate of event {event_id}",
    "merged": "{provider_event_id} is merged into event {event_id}",
    "kept_both": "{provider_event_id} and event {event_id} are two events",
}

app = typer.Typer(
    no_args_is_help=True,
    help="Decide on events that reach us from two sources.\n\nExample: project88 duplicates list",
)
Event = Annotated[str, typer.Argument(metavar="EVENT", help="Either event: our id, or the provider's.")]
Hardware = Annotated[
    str | None, typer.Option(metavar="EVENT", help="Our id of the hardware event, where an event may be several ones.")
]
Why = Annotated[str | None, typer.Option("--reason", help="Why; kept with the decision.", callback=said)]


class Rule(StrEnum):
    skipped = "skipped"
    merged = "merged"


@app.command("list")
def list_command(
    timing_partner_id: AnyPartnerId = None,
    every: Annotated[bool, typer.Option("--all", help="Those that somebody decided on, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the events of providers that may be events of the hardware, those that wait for you first.

    Example: project88 duplicates list --timing-partner-id 1
    """
    run(_list(timing_partner_id, every, as_json))


@app.command("show")
def show_command(
    event: Event, hardware: Hardware = None, timing_partner_id: AnyPartnerId = None, as_json: AsJson = False
) -> None:
    """Show why two events look alike, which source wins, and what each decision would change.

    Example: project88 duplicates show 8412
    """
    run(_show(event, timing_partner_id, hardware, as_json))


@app.command("merge")
def merge_command(
    event: Event, by: By, reason: Why = None, hardware: Hardware = None, timing_partner_id: AnyPartnerId = None
) -> None:
    """Make one event of the two. The provider's entries and results stand under the hardware event from now on.

    Example: project88 duplicates merge 8412 --by "Race director"
    """
    run(_merge(event, timing_partner_id, hardware, by, reason))


@app.command("keep-both")
def keep_both_command(
    event: Event, by: By, reason: Why = None, hardware: Hardware = None, timing_partner_id: AnyPartnerId = None
) -> None:
    """Keep two events. One that was held back is imported and collected from now on.

    Example: project88 duplicates keep-both 8412 --by "Race director" --reason "Saturday and Sunday are two races"
    """
    run(_keep_both(event, timing_partner_id, hardware, by, reason))


@app.command("undo")
def undo_command(event: Event, by: By, hardware: Hardware = None, timing_partner_id: AnyPartnerId = None) -> None:
    """Take the last decision on two events back.

    What a merge moved moves back. An event that was imported by keeping both stays, and waits for a decision.

    Example: project88 duplicates undo 8412 --by "Race director"
    """
    run(_undo(event, timing_partner_id, hardware, by))


@app.command("rule")
def rule_command(
    decision: Annotated[Rule, typer.Argument(help="What becomes of a certain duplicate until a person decides.")],
    timing_partner_id: PartnerId,
) -> None:
    """Set what becomes of certain duplicates of a timing partner that nobody decided on. The default is skipped.

    It holds from the next list of events on. What is merged stays merged until somebody undoes it.

    Example: project88 duplicates rule merged --timing-partner-id 1
    """
    run(_rule(decision, timing_partner_id))


async def _list(partner: int | None, every: bool, as_json: bool) -> None:
    from project88.store.duplicates import pairs

    async with hub_database() as db:
        found = await pairs(db, partner_named(partner), decided_too=every)
    if as_json:
        print_json(found)
    elif found:
        is_narrow = sys.stdout.isatty() and shutil.get_terminal_size().columns < WIDTH_OF_ALL_COLUMNS
        columns = FEW_COLUMNS if is_narrow else COLUMNS
        print_table(columns, [[row[name] for name in columns] for row in map(_row, found)])
        typer.echo("\nproject88 duplicates show EVENT says more; merge, keep-both and undo decide")
        if not every:
            typer.echo("What somebody decided on is left out; --all lists it too")
    else:
        typer.echo("no event is held to be a duplicate" if every else "no event waits for a decision")


async def _show(event: str, partner: int | None, hardware: str | None, as_json: bool) -> None:
    from project88.store.duplicates import LIKENESS, find_pairs, holdings

    async with hub_database() as db:
        found = [
            (pair, *await holdings(db, pair)) for pair in await find_pairs(db, event, partner_named(partner), hardware)
        ]
    if as_json:
        shown = [
            {"pair": pair, "holds": own, "hardware_holds": other, "why": LIKENESS[pair.likeness]}
            for pair, own, other in found
        ]
        print_json(shown[0] if len(shown) == 1 else shown)
        return
    typer.echo("\n\n".join("\n".join(_told(*each)) for each in found))


async def _merge(event: str, partner: int | None, hardware: str | None, by: str, reason: str | None) -> None:
    from project88.store.duplicates import find_pair, merge

    async with hub_database() as db:
        pair = await find_pair(db, event, partner_named(partner), hardware)
        moved = await merge(db, pair, by, reason)
    typer.echo(f"event {pair.provider_event_id} is merged into event {pair.event_id}{_of(moved, 'moved')}")
    if pair.live_event_id is None:
        typer.echo(
            "the schedule collects it from now on; at once: project88 sync results "
            f"{pair.provider_event_id} --timing-partner-id {pair.timing_partner_id}"
        )


async def _keep_both(event: str, partner: int | None, hardware: str | None, by: str, reason: str | None) -> None:
    from project88.store.duplicates import find_pair, keep_both

    async with hub_database() as db:
        pair = await find_pair(db, event, partner_named(partner), hardware)
        await keep_both(db, pair, by, reason)
        now = await find_pair(db, pair.provider_event_id, pair.timing_partner_id, pair.event_id)
    typer.echo(f"event {pair.provider_event_id} and event {pair.event_id} are two events")
    if now.live_event_id is not None or any(other["decision"] == "merged" for other in now.others):
        return
    for other in now.others:
        if other["decision"] != "kept_both":
            typer.echo(f"{pair.provider_event_id} is not imported yet: {_said(pair, other)}")


async def _undo(event: str, partner: int | None, hardware: str | None, by: str) -> None:
    from project88.store.duplicates import find_pair, undo

    async with hub_database() as db:
        pair = await find_pair(db, event, partner_named(partner), hardware)
        moved = await undo(db, pair, by)
        now = await find_pair(db, pair.provider_event_id, pair.timing_partner_id, pair.event_id)
    verb = "moved back" if now.live_event_id is not None else "hidden"
    typer.echo(f"the decision on event {pair.provider_event_id} is undone{_of(moved, verb)}; now: {_decision(now)}")


async def _rule(decision: Rule, partner: int) -> None:
    from project88.records.entities import TimingPartnerId
    from project88.store.duplicates import set_rule

    async with hub_database() as db:
        await set_rule(db, TimingPartnerId(partner), decision.value)
    typer.echo(f"certain duplicates of timing partner {partner} are {decision.value} from the next list of events on")


def _told(pair: Pair, own: Holding, hardware: Holding) -> list[str]:
    from project88.store.duplicates import LIKENESS

    apart = _apart(pair)
    lines = [
        f"{pair.provider_key} {pair.provider_event_id}: {pair.event_name or 'without a name'}, {_at(pair.start_date)}",
        f"hardware {pair.event_id}: {pair.hardware_event_name or 'without a name'}, {_at(pair.hardware_start_date)}",
        f"why: {LIKENESS[pair.likeness]}" + (f" ({apart})" if apart else ""),
        f"decision: {pair.decision}, {_decision(pair)}" + (f", by {pair.decided_by}" if pair.decided_by else ""),
    ]
    if pair.reason:
        lines.append(f"reason: {pair.reason}")
    lines += [_beside(pair, each) for each in pair.others]
    lines += [_earlier(each) for each in pair.earlier]
    lines += [
        f"stored of {pair.provider_key}: {own.entries} entries, {own.results} results; "
        f"{own.same_bib} entries have a bib of the hardware's start list",
        f"stored of the hardware: {hardware.entries} entries, {hardware.results} results",
        "merge: one event, one row per person and race. Times and places come from the hardware until the results",
        f"  have settled, then from {pair.provider_key}; see project88 results {pair.event_id} --explain BIB",
        "keep-both: two events, each with its own results; the monitor leaves the pair out",
    ]
    return lines


def _apart(pair: Pair) -> str:
    if pair.start_date is None or pair.hardware_start_date is None:
        return ""
    apart: timedelta = abs(pair.start_date - pair.hardware_start_date)
    hours, seconds = divmod(int(apart.total_seconds()), 3600)
    return f"starts {hours} h {seconds // 60} min apart"


def _beside(pair: Pair, other: dict[str, Any]) -> str:
    """One more event of the hardware that the provider's may be."""
    return f"{'a second' if other['is_older'] else 'the first'} event of the hardware: {_said(pair, other)}"


def _said(pair: Pair, other: dict[str, Any]) -> str:
    by = f" by {other['by']}" if other["by"] else ""
    return BESIDE[other["decision"]].format(provider_event_id=pair.provider_event_id, event_id=other["event_id"]) + by


def _earlier(said: dict[str, Any]) -> str:
    by = f" by {said['by']}" if said.get("by") else ""
    undone = f", undone by {said['undone_by']} {said['undone_at'][:16]}" if said.get("undone_by") else ""
    return f"earlier: {said['decision']}{by}{undone}"


def _decision(pair: Pair) -> str:
    state = "not collected" if pair.live_event_id is None else f"stored as event {pair.live_event_id}"
    return DECISIONS[pair.decision].format(
        provider_event_id=pair.provider_event_id, event_id=pair.event_id, state=state
    )


def _of(moved: Moved, verb: str) -> str:
    if not (moved.races or moved.participants or moved.results):
        return ""
    return f"; {moved.races} races, {moved.participants} participants and {moved.results} results {verb}"


def _row(pair: Pair) -> dict[str, object]:
    return {
        "event": pair.provider_event_id,
        "source": pair.provider_key,
        "name": pair.event_name,
        "start": _at(pair.start_date),
        "hardware event": pair.event_id,
        "its name": pair.hardware_event_name,
        "its start": _at(pair.hardware_start_date),
        "why": pair.likeness.replace("_", " "),
        "decision": pair.decision,
        "by": pair.decided_by,
    }


def _at(start: datetime | None) -> str:
    return f"{start:%Y-%m-%d %H:%M} UTC" if start else "date unknown"
