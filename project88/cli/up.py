"""``project88 up``: collect and show results; the rehearsal where no credentials are configured."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from project88.cli.common import borrowed_hub_database, run
from project88.cli.options import TrustedProxies


def up(
    *,
    rehearsal: Annotated[bool, typer.Option("--rehearsal", help="Rehearse even where credentials exist.")] = False,
    speed: Annotated[float, typer.Option(min=1, help="Rehearsal: simulated seconds in one real second.")] = 60.0,
    port: Annotated[int, typer.Option(help="Port of the results page on 127.0.0.1.")] = 8088,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open no browser.")] = False,
    duration: Annotated[float | None, typer.Option(help="End after so many real seconds.")] = None,
    database: Annotated[str | None, typer.Option(help="Rehearsal: an empty database to use.")] = None,
    field: Annotated[int | None, typer.Option(min=1, help="Rehearsal: finishers of the race; all without it.")] = None,
    trusted_proxy: TrustedProxies = None,
) -> None:
    """Collect from the configured services and show the results page.

    Without credentials it rehearses: a sandbox plays ChronoTrack Live with a real race's field and a past season,
    on the real cadence at 60 times the speed, in a database of its own. Ctrl-C stops everything.

    Example: project88 up --rehearsal --speed 60 --port 8088 --no-browser --duration 600
    """
    from project88.cli.hub import collect_until_stopped
    from project88.cli.pages import trusted_proxies
    from project88.cli.rehearsal import RehearsalOptions, rehearse

    proxies = trusted_proxies(trusted_proxy)
    if rehearsal or not run(_has_credentials()):
        options = RehearsalOptions(
            speed=speed,
            port=port,
            open_browser=not no_browser,
            duration_seconds=duration,
            database_url=database,
            field=field,
            trusted_proxies=proxies,
        )
        complete = asyncio.Event()
        with _ctrl_c_is_a_clean_end(complete.is_set):
            run(rehearse(options, complete))
    else:
        run(
            collect_until_stopped(
                port=port, open_browser=not no_browser, duration_seconds=duration, trusted_proxies=proxies
            )
        )


@contextmanager
def _ctrl_c_is_a_clean_end(is_done: Callable[[], bool]) -> Iterator[None]:
    """Ctrl-C is how this command ends; it is an interruption only while the work is not done."""
    try:
        yield
    except KeyboardInterrupt:
        if not is_done():
            raise


async def _has_credentials() -> bool:
    from project88.sync.accounts import collectable_credentials

    async with borrowed_hub_database() as db:
        return bool(await collectable_credentials(db, None, None))
