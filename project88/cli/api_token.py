"""``project88 api-token``: who may read a timing partner's own rows by the JSON API. Answers no request."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from project88.cli.common import hub_database, print_json, print_table, run
from project88.cli.options import AnyPartnerId, AsJson, PartnerId
from project88.errors import UsageError

if TYPE_CHECKING:
    from project88.store.api_tokens import NewToken

COLUMNS = ("token", "partner", "name", "scopes", "expires", "revoked", "last used")
MOST_DAYS = 3650

app = typer.Typer(
    no_args_is_help=True, help="Tokens of the JSON API.\n\nExample: project88 api-token list --timing-partner-id 1"
)


class ScopeName(StrEnum):
    results = "results"
    participants = "participants"
    status = "status"


@app.command("create")
def create_command(
    timing_partner_id: PartnerId,
    name: Annotated[str, typer.Option(help="What it is for, so that you know it again.")],
    scope: Annotated[
        list[ScopeName] | None, typer.Option(help="What it may read; several times for several. All without it.")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=MOST_DAYS, help="It ends after so many days; without it never.")
    ] = None,
) -> None:
    """Make a token and print it, and nothing else. It is shown this once: only its SHA-256 is stored.

    results: events, races, results, changes; participants: entries with their e-mail; status: providers and monitor.

    Example: project88 api-token create --timing-partner-id 1 --name "club site" --scope results --days 365
    """
    if not name.strip() or not name.isprintable():
        raise UsageError("--name must be readable text on one line")
    scopes = [each.value for each in scope or ScopeName]
    made = run(_create(timing_partner_id, name.strip(), scopes, timedelta(days=days) if days else None))
    typer.echo(made.token)


@app.command("list")
def list_command(timing_partner_id: AnyPartnerId = None, as_json: AsJson = False) -> None:
    """List the tokens, without what could open anything.

    Example: project88 api-token list --json
    """
    run(_list(timing_partner_id, as_json))


@app.command("revoke")
def revoke_command(token: Annotated[int, typer.Argument(metavar="N", help="Its number: see api-token list.")]) -> None:
    """End a token at once.

    Example: project88 api-token revoke 3
    """
    run(_revoke(token))
    typer.echo(f"token {token} is revoked")


async def _create(timing_partner_id: int, name: str, scopes: list[str], valid_for: timedelta | None) -> NewToken:
    from project88.store.api_tokens import add

    async with hub_database() as db:
        return await add(db, timing_partner_id, name, scopes, valid_for)


async def _list(timing_partner_id: int | None, as_json: bool) -> None:
    from project88.store.api_tokens import listed

    async with hub_database() as db:
        found = await listed(db, timing_partner_id)
    if as_json:
        print_json(found)
        return
    print_table(COLUMNS, [_row(each) for each in found])


def _row(token: dict[str, Any]) -> tuple[object, ...]:
    instants = (token[name] for name in ("expires_at", "revoked_at", "last_used_at"))
    said = (f"{at:%Y-%m-%d %H:%M}" if at else None for at in instants)
    return token["api_token_id"], token["company_name"], token["name"], ", ".join(token["scopes"]), *said


async def _revoke(token: int) -> None:
    from project88.store.api_tokens import revoke

    async with hub_database() as db:
        await revoke(db, token)
