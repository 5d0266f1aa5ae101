"""``project88 providers``: what the adapter of each source declares. Needs no login and calls no service."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from project88.cli.common import print_json, print_table
from project88.cli.options import AsJson
from project88.errors import UsageError


def providers(
    key: Annotated[str | None, typer.Argument(help="The provider's key, such as chronotrack_live.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what the adapter of a source declares: streams, the fields read of each, limits and settings.

    Without a key: the sources that the hub can collect from. Calls no service.

    Example: project88 providers chronotrack_live
    """
    from project88.providers.catalogue import CATALOGUE

    if key is None:
        typer.echo("\n".join(sorted(CATALOGUE)))
        return
    if key not in CATALOGUE:
        raise UsageError(f"provider {key!r} cannot be collected from; known: {', '.join(sorted(CATALOGUE))}")
    shown = _declared(key)
    if as_json:
        print_json(shown)
    else:
        _print(shown)


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
