"""The answer to ``project88 results EVENT --explain BIB``. Reads the database only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from project88.cli.common import hub_database, print_json, print_table, value_text
from project88.cli.named import event_named

if TYPE_CHECKING:
    from project88.store.explain import Claim, Explained, FieldFrom

COLUMNS = ("field", "value", "from", "others say")


async def explain_result(event_text: str, partner: int | None, bib: str, *, as_json: bool) -> None:
    from project88.store.explain import explain

    async with hub_database() as db:
        event = await event_named(db, event_text, partner)
        found = await explain(db, event, bib)
    if as_json:
        print_json(found)
        return
    for person in found:
        _print(person)


def _print(person: Explained) -> None:
    typer.echo(f"race {person.race_name or person.race_id}, participant {person.participant_id}")
    for source in person.sources:
        typer.echo(f"  {source['data_source']}: {source['why']}")
    for decision in person.decisions:
        who = f"decision {decision['decision_id']} by {decision['decided_by']}"
        typer.echo(f"  {who}: {decision['kind']}, {decision['reason']}")
    first = "the official provider" if person.is_settled else "the hardware"
    typer.echo(f"  {'settled' if person.is_settled else 'provisional'}: {first} counts first\n")
    print_table(COLUMNS, [_row(field) for field in person.fields])


def _row(field: FieldFrom) -> tuple[object, ...]:
    return field.field.replace("_", " "), value_text(field.value), field.source or "nobody knows", _claims(field)


def _claims(field: FieldFrom) -> str:
    different: list[Claim] = [each for each in field.others if value_text(each.value) != value_text(field.value)]
    same = sorted({each.data_source for each in field.others} - {each.data_source for each in different})
    said = [f"{each.data_source} {each.part}: {value_text(each.value)}" for each in different]
    return "; ".join(said + [f"{source}: the same" for source in same])
