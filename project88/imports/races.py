"""Which race of an event a row means. Pure; knows the races that it is told of."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from project88.errors import BadValue, UsageError
from project88.imports.columns import plain
from project88.records.entities import Race


class Races:
    """The races of an event, which a row names by name or by id. ``added`` are those that rows told of."""

    def __init__(self, known: Mapping[str, str], named: str | None = None, *, may_add: bool = False) -> None:
        """``known`` are names by id. ``named`` is the race of rows that name none; a new one only where it may add."""
        self.added: dict[str, Race] = {}
        self._known = ", ".join(known.values()) or "none: import its courses first"
        self._may_add = may_add
        names = [plain(name) for name in known.values()]
        # A name that two races have means neither.
        self._ids = {plain(name): each for each, name in known.items() if names.count(plain(name)) == 1}
        self._ids.update({plain(each): each for each in known})
        self._named = next(iter(known)) if len(known) == 1 else None
        if named is not None:
            self._named = self._find(named)
            if self._named is None:
                raise UsageError(self._unknown(named))

    def of(self, said: str | None) -> str | None:
        """None for a row that names no race, where nothing else says it. Raises BadValue for one that is not known."""
        if said is None:
            return self._named
        found = self._find(said)
        if found is None:
            raise BadValue(self._unknown(said))
        return found

    def _find(self, said: str) -> str | None:
        key = plain(said)
        if key not in self._ids and self._may_add and key:
            race_id = "-".join(said.lower().split())
            self._ids[key] = race_id
            self.added[race_id] = Race(race_id=race_id, name=said, raw=msgspec.json.encode({"name": said}).decode())
        return self._ids.get(key)

    def _unknown(self, said: str) -> str:
        return f"the event has no race {said!r}; it has {self._known}"
