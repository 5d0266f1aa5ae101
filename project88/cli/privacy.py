"""``project88 privacy``: whose name and age the pages for everyone withhold. The hub's own tables keep both."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from project88.cli.common import hub_database, run
from project88.cli.named import event_named, partner_named
from project88.cli.options import AnyPartnerId
from project88.errors import UsageError

app = typer.Typer(
    no_args_is_help=True,
    help="Whose name and age the pages withhold.\n\nExample: project88 privacy withhold p1 212 --by 'Race office'",
)
Event = Annotated[str, typer.Argument(metavar="EVENT", help="Our id of the event, or the provider's.")]
Bib = Annotated[str, typer.Argument(metavar="BIB")]


class Ages(StrEnum):
    all = "all"
    adults = "adults"
    none = "none"


@app.command("withhold")
def withhold_command(
    event: Event,
    bib: Bib,
    by: Annotated[str, typer.Option(metavar="NAME", help="Who decides.")],
    timing_partner_id: AnyPartnerId = None,
) -> None:
    """Withhold the name, the age and the home of a bib. Its times and places stay.

    Example: project88 privacy withhold p1 212 --by "Race office"
    """
    run(_withhold(event, bib, by, timing_partner_id))


@app.command("show")
def show_command(event: Event, bib: Bib, timing_partner_id: AnyPartnerId = None) -> None:
    """Show again what was withheld by hand. A runner who is anonymous at RunSignUp stays so.

    Example: project88 privacy show p1 212
    """
    run(_show(event, bib, timing_partner_id))


@app.command("ages")
def ages_command(
    ages: Annotated[Ages, typer.Argument(help="Which ages the pages show; adults: of 18 years or more.")],
    event: Annotated[str | None, typer.Option(metavar="EVENT", help="Of this event.")] = None,
    timing_partner_id: AnyPartnerId = None,
) -> None:
    """Set the ages that pages show, of an event, or of all events of a partner that say nothing themselves.

    Example: project88 privacy ages adults --timing-partner-id 1
    """
    run(_ages(ages, event, timing_partner_id))


async def _withhold(event_text: str, bib: str, by: str, timing_partner_id: int | None) -> None:
    from project88.store import privacy

    async with hub_database() as db:
        event = await event_named(db, event_text, timing_partner_id)
        was_shown = await privacy.withhold_name(db, event, bib, by)
    typer.echo(f"the name of bib {bib} of event {event.event_id} {'is' if was_shown else 'was already'} withheld")


async def _show(event_text: str, bib: str, timing_partner_id: int | None) -> None:
    from project88.store import privacy

    async with hub_database() as db:
        event = await event_named(db, event_text, timing_partner_id)
        was_withheld = await privacy.show_name(db, event, bib)
    said = "is shown again" if was_withheld else "was not withheld"
    typer.echo(f"the name of bib {bib} of event {event.event_id} {said}")


async def _ages(ages: Ages, event_text: str | None, timing_partner_id: int | None) -> None:
    from project88.store import privacy

    partner = partner_named(timing_partner_id)
    if event_text is None and partner is None:
        raise UsageError("say whose ages: --event EVENT or --timing-partner-id N")
    async with hub_database() as db:
        if event_text is not None:
            event = await event_named(db, event_text, timing_partner_id)
            await privacy.set_event_ages(db, event, ages.value)
            typer.echo(f"event {event.event_id} shows ages: {ages.value}")
        elif partner is not None:
            await privacy.set_partner_ages(db, partner, ages.value)
            typer.echo(f"timing partner {partner} shows ages: {ages.value}")
