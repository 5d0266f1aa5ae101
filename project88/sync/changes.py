"""From what the lists of an event say is new or gone to the rows that must be staged. Reads no service."""

from __future__ import annotations

from collections.abc import Set

from project88.store.staging import Stage
from project88.sync.collecting import CollectedList, stage_held
from project88.sync.snapshot import EventSnapshot


async def stage_changes(stage: Stage, snapshot: EventSnapshot) -> None:
    """Stage what was compared row by row: all rows of the entries in question, or everything.

    Where some list was staged whole, or an entry has no row left in a list, every row is needed: the merge then decides
    over all entries.
    """
    changed = [found for found in snapshot.results if found.changes is not None and not found.unchanged]
    snapshot.only_changes_staged = bool(changed) and _name_their_entries(snapshot.results)
    owners = _touched(changed) if snapshot.only_changes_staged else None
    for found in changed:
        await stage_held(found, stage, owners)


def _name_their_entries(lists: list[CollectedList]) -> bool:
    """Whether the lists say of which entries something is new or gone, and that nobody has vanished."""
    return all(found.unchanged or _names_its_entries(found) for found in lists)


def _names_its_entries(found: CollectedList) -> bool:
    return found.error is None and found.changes is not None and not found.changes.somebody_vanished


def _touched(lists: list[CollectedList]) -> Set[int]:
    return frozenset().union(*(found.changes.touched for found in lists if found.changes is not None))
