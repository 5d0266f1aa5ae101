"""``project88 webhook``: send changed results to other programs. Decides no result."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated, Any

import typer

from project88.cli.common import hub_database, print_json, print_table, run, second_text
from project88.cli.options import AnyPartnerId, AsJson, PartnerId
from project88.errors import EXIT_FAILED, UsageError

if TYPE_CHECKING:
    from project88.web.api.deliveries import Outcome

COLUMNS = ("webhook", "partner", "host", "event", "delivered", "failures", "next", "error")
SECRET_BYTES = 32
MOST_CHARACTERS = 2000

app = typer.Typer(
    no_args_is_help=True, help="Send changed results to other programs.\n\nExample: project88 webhook list"
)


@app.command("add")
def add_command(
    timing_partner_id: PartnerId,
    url: Annotated[str, typer.Option(help="Where to: https, or http on this machine.")],
    event_id: Annotated[str | None, typer.Option(metavar="EVENT", help="Only this event, by our id.")] = None,
) -> None:
    """Add a webhook for what changes from now on and print its secret, and nothing else. It is shown this once.

    Each delivery is JSON with the entries of the changes feed. X-Project88-Signature is sha256= and the HMAC-SHA256, by
    the secret, of X-Project88-Timestamp, a full stop and the body. What is not answered with 2xx is sent again, with
    the same X-Project88-Delivery, ever later, at most an hour.

    Example: project88 webhook add --timing-partner-id 1 --url http://127.0.0.1:9000/results
    """
    from project88.edges.notify import may_be_called

    if len(url) > MOST_CHARACTERS or not url.isprintable() or " " in url or not may_be_called(url):
        raise UsageError("--url must begin with https://; http:// is for this machine only")
    typer.echo(run(_add(timing_partner_id, url, event_id)))


@app.command("list")
def list_command(timing_partner_id: AnyPartnerId = None, as_json: AsJson = False) -> None:
    """List the webhooks and how they stand. An address often is a password, so only its host is shown.

    Example: project88 webhook list --json
    """
    run(_list(timing_partner_id, as_json))


@app.command("remove")
def remove_command(webhook: Annotated[int, typer.Argument(metavar="N", help="Its number: see webhook list.")]) -> None:
    """Send nothing there any more.

    Example: project88 webhook remove 2
    """
    run(_remove(webhook))
    typer.echo(f"webhook {webhook} is removed")


@app.command("deliver")
def deliver_command() -> None:
    """Deliver once what is due. The running hub does it by itself, every second.

    Example: project88 webhook deliver
    """
    outcomes = run(_deliver())
    for each in outcomes:
        typer.echo(f"webhook {each.webhook_id}: {each.problem or f'{each.entries} entries'}")
    if any(each.problem for each in outcomes):
        raise typer.Exit(EXIT_FAILED)


async def _add(timing_partner_id: int, url: str, event_id: str | None) -> str:
    from project88.store import feed, webhooks
    from project88.sync.sealed_logins import sealing
    from project88.web.api.parameters import pack

    secret = secrets.token_urlsafe(SECRET_BYTES)
    async with hub_database() as db, sealing(db) as ring:
        sealed = ring.seal(secret, webhooks.context(timing_partner_id, url))
        await webhooks.add(db, timing_partner_id, url, event_id, sealed, pack(await feed.now(db)))
    return secret


async def _list(timing_partner_id: int | None, as_json: bool) -> None:
    from project88.store.webhooks import listed

    async with hub_database() as db:
        found = [_shown(each) for each in await listed(db, timing_partner_id)]
    if as_json:
        print_json(found)
    else:
        print_table(COLUMNS, [_row(each) for each in found])


def _shown(hook: dict[str, Any]) -> dict[str, Any]:
    from urllib.parse import urlsplit

    return {**{name: value for name, value in hook.items() if name != "url"}, "host": urlsplit(hook["url"]).hostname}


def _row(hook: dict[str, Any]) -> tuple[object, ...]:
    delivered = hook["last_delivered_at"]
    return (
        hook["webhook_id"],
        hook["company_name"],
        hook["host"],
        hook["event_id"],
        second_text(delivered),
        hook["failures"] or None,
        f"{hook['next_attempt_at']:%H:%M:%S}" if hook["failures"] else None,
        hook["last_error"],
    )


async def _remove(webhook: int) -> None:
    from project88.store.webhooks import remove

    async with hub_database() as db:
        await remove(db, webhook)


async def _deliver() -> list[Outcome]:
    from project88.web.api.deliveries import deliver_due

    async with hub_database() as db:
        return await deliver_due(db)
