"""``project88 web``: the results pages and the operator's page alone. Collects nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from project88.cli.common import borrowed_hub_database, run, stop_on_signals
from project88.cli.options import TrustedProxies
from project88.errors import UsageError

if TYPE_CHECKING:
    from project88.store.connection import Database

LOOPBACK = "127.0.0.1"


def web(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the pages; 0: any that is free.")] = 8088,
    host: Annotated[str, typer.Option(help="Address to listen at; put a proxy with TLS before any other.")] = LOOPBACK,
    operator: Annotated[
        bool | None,
        typer.Option(
            "--operator/--no-operator",
            help="With the operator's page or without it. Not said: with it where HOST is 127.0.0.1.",
            show_default=False,
        ),
    ] = None,
    trusted_proxy: TrustedProxies = None,
) -> None:
    """Show the results pages, the displays and, to who logs in, the operator's page. Collects nothing.

    Example: project88 web --port 8088
    """
    run(_web(port, host, operator, trusted_proxy))


async def _web(port: int, host: str, operator: bool | None, trusted_proxy: list[str] | None) -> None:
    from project88.cli.pages import reading_database, trusted_proxies
    from project88.edges.logs import level_of_logs, set_up_logging
    from project88.web.app import serve

    set_up_logging(level_of_logs(default="INFO"))
    proxies = trusted_proxies(trusted_proxy)

    def tell(address: str) -> None:
        typer.echo(f"Results pages: {address}")
        if hub is not None:
            typer.echo(f"Operator's page: {address}operator")

    with stop_on_signals() as stop:
        async with borrowed_hub_database() as db, reading_database(db) as pages:
            hub = await _hub(db, operator, is_loopback=host == LOOPBACK)
            await serve(pages, port=port, host=host, stop=stop, on_listening=tell, hub=hub, trusted_proxies=proxies)


async def _hub(db: Database, operator: bool | None, *, is_loopback: bool) -> Database | None:
    """The login that may write, for the operator's page; None: without the page. A password needs TLS elsewhere."""
    from project88.store.roles import standing

    may_write = (await standing(db)).too_much is not None
    if operator and not may_write:
        raise UsageError("--operator needs the hub's own login in DATABASE_URL; this one may only read")
    wanted = is_loopback if operator is None else operator
    return db if wanted and may_write else None
