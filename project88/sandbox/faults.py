"""Fault scripts: data that says what goes wrong, on which calls, how often. Decides; sends no byte itself.

A fault fires on calls whose path (without ``.json``) matches ``path_glob`` (the paths of the API
without one) and whose page is ``page``, after
skipping the first ``skip`` of them, at most ``times`` times. Example, the second page fails twice:

    Fault(kind="status", status=500, path_glob="/api/event/*/results", page=2, times=2)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

FaultKind = Literal[
    "status",  # ``status`` with ``message``; 401, 429 (with ``retry_after_seconds``), 500 ...
    "html",  # an HTML page with ``status``
    "error_key",  # 200 and {"error": message}, with ``code`` where the service has codes
    "archived",  # the same with the message "Event is archived."
    "cut",  # the header announces the whole body, half of it is sent, the line is closed
    "slow",  # the body in ``chunk_bytes``, each after ``pause_seconds`` of real time
    "no_headers",  # the paging headers are left out
    "repeat",  # rows of ``entry_ids``, or of a ``share`` of all entries, come twice
    "totals",  # the count of rows is wrong by ``rows``, which may be negative
    "reorder",  # every call moves the list on by ``rows`` positions, so rows cross page borders
    "grow",  # ``hidden`` rows are missing at first; every call shows ``rows`` more
    "vanish",  # rows of ``entry_ids``, or of a ``share`` of all entries, are missing
    "page_cap",  # no page is longer than ``cap``
    "loop",  # every page is the first one, and there are always more pages
    "numeric",  # what looks like a number is one
    "blank",  # empty values, and those of ``fields``, are shown as ``shown_as``
    "bad_row",  # ``fields`` of the ``rows`` first rows, or of the rows of ``entry_ids``, hold ``text``
]
ARCHIVED = "Event is archived."
API_GLOB = "/api/*"


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: FaultKind
    path_glob: str | None = None
    page: int | None = None
    skip: int = 0
    times: int | None = None
    status: int = 500
    message: str = "the sandbox was told to fail"
    code: int | None = None
    retry_after_seconds: float | None = None
    rows: int = 1
    hidden: int = 5
    share: float = 0.0
    entry_ids: frozenset[str] = frozenset()
    cap: int = 100
    chunk_bytes: int = 1024
    pause_seconds: float = 0.05
    fields: tuple[str, ...] = ()
    shown_as: Literal["null", "empty", "missing"] = "null"
    text: str = "not a time"


@dataclass(frozen=True, slots=True)
class Fired:
    """A fault that strikes this call; ``before`` is how often it has struck before."""

    fault: Fault
    before: int


@dataclass(slots=True)
class _Armed:
    fault: Fault
    path_glob: str
    matched: int = 0
    fired: int = 0

    def strike(self, path: str, page: int) -> Fired | None:
        fault = self.fault
        if not fnmatchcase(path, self.path_glob) or fault.page not in (None, page):
            return None
        self.matched += 1
        if self.matched <= fault.skip or (fault.times is not None and self.fired >= fault.times):
            return None
        self.fired += 1
        return Fired(fault, self.fired - 1)


class FaultBook:
    """The faults in force. Every call asks once what strikes it. Without a glob a fault is for ``api_glob``."""

    def __init__(self, faults: Iterable[Fault] = (), api_glob: str = API_GLOB) -> None:
        self._api_glob = api_glob
        self._armed: list[_Armed] = []
        self.add(*faults)

    def add(self, *faults: Fault) -> None:
        self._armed += [_Armed(fault, fault.path_glob or self._api_glob) for fault in faults]

    def clear(self) -> None:
        self._armed.clear()

    def fired(self) -> list[tuple[Fault, int]]:
        """Each fault in force with how often it has struck."""
        return [(armed.fault, armed.fired) for armed in self._armed]

    def strike(self, path: str, page: int) -> Strikes:
        struck = (armed.strike(path, page) for armed in self._armed)
        return Strikes([fired for fired in struck if fired])


class Strikes:
    """What strikes one call, by kind."""

    def __init__(self, fired: Iterable[Fired]) -> None:
        self._fired = list(fired)

    def of(self, *kinds: FaultKind) -> list[Fired]:
        return [fired for fired in self._fired if fired.fault.kind in kinds]

    def first(self, *kinds: FaultKind) -> Fault | None:
        found = self.of(*kinds)
        return found[0].fault if found else None


def read_faults(raw: bytes) -> list[Fault]:
    """One fault or a list of them, as JSON. Raises msgspec.ValidationError naming what is wrong."""
    read = msgspec.json.decode(raw, type=Fault | list[Fault])
    return read if isinstance(read, list) else [read]
