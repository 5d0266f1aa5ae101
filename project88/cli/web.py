"""``project88 web``: the results pages alone. Collects nothing."""

from __future__ import annotations

from typing import Annotated

import typer

from project88.cli.common import borrowed_hub_database, run, stop_on_signals

LOOPBACK = "127.0.0.1"


def web(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the pages; 0: any that is free.")] = 8088,
    host: Annotated[str, typer.Option(help="Address to listen at; put a proxy with TLS before any other.")] = LOOPBACK,
) -> None:
    """Show the results pages and the displays, and nothing else.

    Example: project88 web --port 8088
    """
    run(_web(port, host))


async def _web(port: int, host: str) -> None:
    from project88.cli.pages import reading_database
    from project88.edges.logs import level_of_logs, set_up_logging
    from project88.web.app import serve

    set_up_logging(level_of_logs(default="INFO"))

    def tell(address: str) -> None:
        typer.echo(f"Results pages: {address}")

    with stop_on_signals() as stop:
        async with borrowed_hub_database() as db, reading_database(db) as pages:
            await serve(pages, port=port, host=host, stop=stop, on_listening=tell)
