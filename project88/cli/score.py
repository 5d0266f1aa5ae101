"""``project88 score``: score an event from its first read on. A running listener does the same by itself."""

from __future__ import annotations

from typing import Annotated

import typer

from project88.cli.common import hub_database, run
from project88.cli.named import event_named
from project88.cli.options import AnyPartnerId


def score(
    event: Annotated[str, typer.Argument(metavar="EVENT", help="Our id of the event, or the provider's.")],
    timing_partner_id: AnyPartnerId = None,
) -> None:
    """Score an event of the hardware from its first read on, and say how it stands.

    A running listener scores by itself whatever changes; where one runs, it is told to begin anew.

    Example: project88 score p1
    """
    typer.echo(run(_score(event, timing_partner_id)))


async def _score(event_text: str, partner: int | None) -> str:
    from project88.errors import HubError
    from project88.listen.scorer import score_once
    from project88.store.progress import results_by_status
    from project88.store.scoring import hardware_scope, problem_of, score_anew

    async with hub_database() as db:
        event = await event_named(db, event_text, partner)
        await score_anew(db, event.timing_partner_id, event.event_id)
        if not await score_once(db, event.event_id, event.timing_partner_id):
            return "a listener scores this event; it begins anew within seconds"
        if problem := await problem_of(db, event.timing_partner_id, event.event_id):
            raise HubError(f"event {event.event_id} is not scored: {problem}")
        counts = await results_by_status(db, await hardware_scope(db, event))
    return ", ".join(f"{count:,} {status}" for status, count in sorted(counts.items())) or "nobody has a result"
