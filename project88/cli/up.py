"""``project88 up``: collect and show results; the rehearsal where no credentials are configured."""

from __future__ import annotations

from typing import Annotated

import typer

from project88.cli.common import hub_database, run


def up(
    *,
    rehearsal: Annotated[bool, typer.Option("--rehearsal", help="Rehearse even where credentials exist.")] = False,
    speed: Annotated[float, typer.Option(min=1, help="Rehearsal: simulated seconds in one real second.")] = 60.0,
    port: Annotated[int, typer.Option(help="Port of the results page on 127.0.0.1.")] = 8088,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open no browser.")] = False,
    duration: Annotated[float | None, typer.Option(help="End after so many real seconds.")] = None,
    database: Annotated[str | None, typer.Option(help="Rehearsal: an empty database to use.")] = None,
    field: Annotated[int | None, typer.Option(min=1, help="Rehearsal: finishers of the race; all without it.")] = None,
) -> None:
    """Collect from the configured services and show the results page.

    Without credentials it rehearses: a sandbox plays ChronoTrack Live with a real race's field and a past season,
    on the real cadence at 60 times the speed, in a database of its own. Ctrl-C stops everything.

    Example: project88 up --rehearsal --speed 60 --port 8088 --no-browser --duration 600
    """
    from project88.cli.hub import collect_until_stopped
    from project88.cli.rehearsal import RehearsalOptions, rehearse

    if rehearsal or not run(_has_credentials()):
        options = RehearsalOptions(
            speed=speed,
            port=port,
            open_browser=not no_browser,
            duration_seconds=duration,
            database_url=database,
            field=field,
        )
        run(rehearse(options))
    else:
        run(collect_until_stopped(port=port, open_browser=not no_browser, duration_seconds=duration))


async def _has_credentials() -> bool:
    from project88.sync.accounts import collectable_credentials

    async with hub_database() as db:
        return bool(await collectable_credentials(db, None, None))
