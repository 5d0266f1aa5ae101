"""``project88 worker``: runs the polls that the planner hands over. Plans none itself."""

from __future__ import annotations

from typing import Annotated

import typer

from project88.cli.common import run
from project88.cli.services import Duration, MetricsPort, tell


def worker(
    slots: Annotated[
        int, typer.Option(min=2, max=200, metavar="N", help="Polls of live events at once; other lanes have fewer.")
    ] = 12,
    metrics_port: MetricsPort = None,
    duration: Duration = None,
) -> None:
    """Run the polls that are due, until SIGTERM or Ctrl-C. Any number of workers share the work, on any machines.

    Each lane has slots of its own, so no lane waits for another: live as given, soon and routine a third of it each,
    backfill a sixth. A worker uses one database connection for each poll under way and at most 17 more. At the end
    the polls under way get 6 seconds; what is not done by then is given to another worker.

    Example: project88 worker --slots 12
    """
    run(_work(slots, metrics_port, duration))


async def _work(slots: int, metrics_port: int | None, duration: float | None) -> None:
    from project88.cli.services import service, work

    async with service(metrics_port, duration) as running:
        await work(running, slots)
    tell("Stopped.")
