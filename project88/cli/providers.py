"""``project88 providers``: every source, how far the hub is with it, what its adapter declares. Calls no service."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from project88.cli.common import hub_database, print_json, print_table, run
from project88.cli.options import AsJson
from project88.errors import UsageError
from project88.store.partners import Connected

COLUMNS = ("key", "kind", "capabilities", "status", "tried with", "accounts", "last success")
NOBODY = Connected(accounts=0, last_success_at=None)


def providers(
    key: Annotated[str | None, typer.Argument(help="The provider's key, such as chronotrack_live.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show every source: what works and what is planned, which accounts are connected, and when one last succeeded.

    With a key: what the adapter of that source declares, its streams, the fields read of each, limits and settings.
    Calls no service.

    Example: project88 providers
    """
    from project88.providers.catalogue import CATALOGUE

    if key is None:
        run(_list(as_json))
        return
    if key not in CATALOGUE:
        raise UsageError(f"provider {key!r} cannot be collected from; known: {', '.join(sorted(CATALOGUE))}")
    shown = _declared(key)
    if as_json:
        print_json(shown)
    else:
        _print(shown)


async def _list(as_json: bool) -> None:
    from project88.providers.registry import REGISTRY
    from project88.store.partners import connections

    async with hub_database() as db:
        known = await connections(db)
    rows = [{**asdict(source), **asdict(known.get(key) or NOBODY)} for key, source in REGISTRY.items()]
    if as_json:
        print_json(rows)
        return
    print_table(COLUMNS, [_row(row) for row in rows])
    typer.echo("\ntried with: nobody of us has an account with these services; see docs/reference/providers.md")


def _row(row: dict[str, Any]) -> tuple[object, ...]:
    last = row["last_success_at"]
    return (
        row["key"],
        ", ".join(row["kinds"]),
        ", ".join(row["capabilities"]) or None,
        row["status"],
        row["tried_with"] or None,
        row["accounts"] or None,
        f"{last:%Y-%m-%d %H:%M}" if last else None,
    )


def _declared(key: str) -> dict[str, Any]:
    from project88.providers.streams import declared

    found = declared(key)
    defaults = found.settings()
    return {
        "provider": key,
        "limits": {
            "calls_per_60_seconds": defaults["rate_limit"],
            "calls_at_once": defaults["max_concurrency"],
            "seconds_per_call": defaults["timeout"],
        },
        "settings": defaults,
        "streams": [asdict(each) for each in found.streams()],
    }


def _print(declared: dict[str, Any]) -> None:
    typer.echo(f"provider: {declared['provider']}\n")
    print_table(("limit", "default"), list(declared["limits"].items()))
    typer.echo("\nsettings, keys of additional_config")
    print_table(("setting", "default"), list(declared["settings"].items()))
    typer.echo("\nstreams")
    print_table(("stream", "path"), [(each["name"], each["path"]) for each in declared["streams"]])
    typer.echo("\nfields")
    shown: dict[tuple[str, ...], list[str]] = {}
    for each in declared["streams"]:
        shown.setdefault(each["fields"], []).append(each["name"])
    for fields, names in shown.items():
        typer.echo(f"  {', '.join(names)}:\n    {', '.join(fields)}")
