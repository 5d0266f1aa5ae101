"""What the long-running commands share: figures, the stop by a signal, and the last line. Plans and runs no poll."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from project88.cli.common import borrowed_hub_database, stop_on_signals

if TYPE_CHECKING:
    from project88.edges.metrics import Metrics
    from project88.store.connection import Database

MetricsPort = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=65535,
        metavar="PORT",
        help="Port on 127.0.0.1 for Prometheus; 0: none. Without it 9188, unless another process has that.",
    ),
]


Duration = Annotated[float | None, typer.Option(min=0, help="End after so many seconds.")]
LIVE_SLOTS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a long-running command works with."""

    db: Database
    stop: asyncio.Event
    metrics: Metrics


@asynccontextmanager
async def service(metrics_port: int | None, duration: float | None = None) -> AsyncIterator[Service]:
    """The hub's database and figures until the block ends; a signal or the end of the duration sets ``stop``."""
    from project88.edges.logs import level_of_logs, set_up_logging
    from project88.edges.metrics import Metrics, served
    from project88.edges.notify import channels
    from project88.monitor.alerting import lowest
    from project88.monitor.watch import watch
    from project88.schedule.ending import broken_off
    from project88.schedule.figures import keep_figures

    set_up_logging(level_of_logs(default="INFO"))
    # A setting that cannot be is told now, not in the night.
    channels(), lowest()
    metrics = Metrics()
    with stop_on_signals() as stop, served(metrics, metrics_port) as warning:
        if warning:
            typer.echo(f"warning: {warning}", err=True)
        async with borrowed_hub_database() as db:
            helpers = [
                asyncio.create_task(keep_figures(db, metrics, stop)),
                asyncio.create_task(watch(db, metrics, stop)),
            ]
            if duration is not None:
                helpers.append(asyncio.create_task(_stop_after(stop, duration)))
            try:
                yield Service(db=db, stop=stop, metrics=metrics)
            finally:
                await broken_off(*helpers)


async def work(running: Service, live_slots: int = LIVE_SLOTS) -> None:
    """Run polls until the service stops."""
    from functools import partial

    from project88.edges.identity import process_name
    from project88.schedule.figures import count_poll
    from project88.schedule.service import work_until
    from project88.schedule.worker import slots_for

    name = process_name()
    tell(f"Worker {name} runs polls. Ctrl-C or SIGTERM ends it.")
    await work_until(running.db, name, running.stop, slots_for(live_slots), partial(count_poll, running.metrics))


async def deliver(running: Service) -> None:
    """Send changed results to the webhooks until the service stops."""
    from project88.schedule.service import keep_running
    from project88.web.api.deliveries import deliver_until

    await keep_running("the delivery of webhooks", lambda: deliver_until(running.db, running.stop), running.stop)


def tell(text: str) -> None:
    """A line for whoever watches, at once also where it goes into a file."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def _stop_after(stop: asyncio.Event, seconds: float) -> None:
    from project88.edges import clock

    await clock.sleep(seconds)
    stop.set()
