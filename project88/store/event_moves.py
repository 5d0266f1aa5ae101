"""Rows of a provider's event that move under a hardware event, and back. Decides nothing, and calls no service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from project88.errors import UsageError
from project88.records.entities import ProviderId
from project88.store.connection import Connection
from project88.store.queries import load
from project88.store.scope import Source

if TYPE_CHECKING:
    from project88.store.duplicates import Pair

queries = load("event_moves")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How many rows a decision concerned."""

    races: int = 0
    participants: int = 0
    results: int = 0


async def put_under_hardware(connection: Connection, source: Source, pair: Pair) -> Moved:
    """What the event has stands under the hardware event; where it is not stored, what is collected from now on."""
    parameters = {**source.parameters(), **pair.key, "event_id": pair.event_id}
    await _require_only(connection, source, pair)
    if pair.live_event_id is None:
        await connection.execute(queries["open_span"], parameters | {"from_event": pair.event_id})
        return Moved()
    parameters |= {"live_event_id": pair.live_event_id}
    await _require_no_hardware(connection, pair, parameters)
    await connection.execute(queries["keep_removed"], parameters)
    await connection.execute(queries["note_hidden"], {**parameters, "was_hidden": False})
    moved = await _move_in(connection, source, pair, parameters)
    for other in await _others(connection, "others_of", source, parameters):
        await _require_apart(connection, other, pair, parameters)
        await _move_in(connection, other, pair, parameters)
    for name in ("point_others", "take_along", "remove_joins", "put_joins_aside", "remove_event"):
        await connection.execute(queries[name], parameters)
    return moved


async def put_back(connection: Connection, source: Source, pair: Pair) -> tuple[Moved, bool]:
    """How many rows moved or were hidden, and whether the provider's event stands by itself again."""
    parameters = {**source.parameters(), **pair.key, "event_id": pair.event_id}
    restored = await (await connection.execute(queries["restore_event"], parameters)).fetchone()
    if restored is None:
        moved = await _moved(connection, "hide_rows", parameters)
        await connection.execute(queries["close_spans"], parameters | {"live_event_id": pair.event_id})
        return moved, False
    parameters |= {"live_event_id": restored[0], "from_event": pair.event_id, "to_event": restored[0]}
    moved = await _moved(connection, "move_rows", parameters)
    for other in await _others(connection, "others_to_return", source, parameters):
        returning = {**parameters, **other.parameters()}
        await _moved(connection, "move_rows", returning)
        await connection.execute(queries["close_spans"], returning)
    await connection.execute(queries["note_hidden"], {**parameters, "was_hidden": True})
    for name in ("restore_payload", "close_spans", "leave_spans", "put_joins_back", "point_back", "give_back"):
        await connection.execute(queries[name], parameters)
    return moved, True


async def bring_hidden(connection: Connection, source: Source, pair: Pair) -> None:
    """Rows that an undone merge left hidden under the hardware event go to the provider's, now that it is stored."""
    parameters = {**source.parameters(), **pair.key, "event_id": pair.event_id}
    row = await (await connection.execute(queries["home_of_hidden"], parameters)).fetchone()
    if row is not None:
        moving = parameters | {"live_event_id": row[0], "from_event": pair.event_id, "to_event": row[0]}
        await _moved(connection, "move_rows", moving)
        await connection.execute(queries["home_is_known"], moving)


async def _move_in(connection: Connection, source: Source, pair: Pair, parameters: Mapping[str, Any]) -> Moved:
    moving = {
        **parameters,
        **source.parameters(),
        "from_event": parameters["live_event_id"],
        "to_event": pair.event_id,
    }
    await connection.execute(queries["make_room"], moving)
    moved = await _moved(connection, "move_rows", moving)
    await connection.execute(queries["open_span"], moving)
    return moved


async def _others(connection: Connection, name: str, source: Source, parameters: Mapping[str, Any]) -> list[Source]:
    """Other sources whose rows go along: start lists of registration systems, imported files."""
    rows = await (await connection.execute(queries[name], parameters)).fetchall()
    return [replace(source, data_source=key, provider_id=ProviderId(number)) for key, number in rows]


async def _require_only(connection: Connection, source: Source, pair: Pair) -> None:
    """Rows of two events of a source cannot be told apart under one event."""
    parameters = {**source.parameters(), **pair.key, "event_id": pair.event_id}
    row = await (await connection.execute(queries["merged_already"], parameters)).fetchone()
    if row is not None:
        raise UsageError(
            f"event {row[0]} of {source.data_source} is merged into event {pair.event_id} already: undo that first, or "
            f"keep both events with project88 duplicates keep-both {pair.provider_event_id}"
        )


async def _require_apart(connection: Connection, other: Source, pair: Pair, parameters: Mapping[str, Any]) -> None:
    """As much of another source that the event has rows of; they could not be given back."""
    await _require_only(connection, other, pair)
    asked = {**parameters, **other.parameters()}
    row = await (await connection.execute(queries["shows_rows"], asked)).fetchone()
    if row and row[0]:
        raise UsageError(
            f"event {pair.live_event_id} and event {pair.event_id} both hold rows of {other.data_source}, which could "
            f"not be told apart under one event: keep both events with project88 duplicates keep-both "
            f"{pair.provider_event_id}, or remove those rows from one of them"
        )


async def _require_no_hardware(connection: Connection, pair: Pair, parameters: Mapping[str, Any]) -> None:
    row = await (await connection.execute(queries["own_hardware"], parameters)).fetchone()
    if row and row[0]:
        raise UsageError(
            f"event {pair.live_event_id} has timing sessions or courses of its own: bind the sessions to event "
            f"{pair.event_id} first, with project88 timing bind"
        )


async def _moved(connection: Connection, name: str, parameters: Mapping[str, Any]) -> Moved:
    row = await (await connection.execute(queries[name], parameters)).fetchone()
    return Moved(races=row[0], participants=row[1], results=row[2]) if row else Moved()
