"""A limit of N calls in any rolling window of simulated time, and the count of what was asked. Reads no clock."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple


class _Window:
    """Instants of the last ``seconds``, oldest first."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._instants: deque[float] = deque()

    def count(self, now: float) -> int:
        while self._instants and self._instants[0] <= now - self._seconds:
            self._instants.popleft()
        return len(self._instants)

    def add(self, now: float) -> None:
        self._instants.append(now)

    def frees_after(self, now: float) -> float:
        return self._instants[0] + self._seconds - now


class Limiter:
    """Admits at most ``limit`` calls of a login in any rolling ``window_seconds``; a refused call does not count."""

    def __init__(self, limit: int, window_seconds: float) -> None:
        self._limit = limit
        self._window_seconds = window_seconds
        self._admitted: dict[str, _Window] = {}

    def wait_seconds(self, login: str, now: float) -> float | None:
        """None admits the call; otherwise how long until the next one can be admitted."""
        window = self._admitted.setdefault(login, _Window(self._window_seconds))
        if window.count(now) >= self._limit:
            return window.frees_after(now)
        window.add(now)
        return None


class Call(NamedTuple):
    """One call as it was answered. ``query`` is without secrets; some services say too fast without a 429."""

    path: str
    query: dict[str, str]
    status: int
    says_too_fast: bool = False


SECRET_PARAMETERS = frozenset(
    {"access_token", "api_key", "api_secret", "client_secret", "password", "refresh_token", "rsu_api_key"}
    | {"rsu_api_reg", "sp_api_key", "tmp_key", "tmp_secret", "user_pass"}
)


def without_secrets(query: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in query.items() if name.casefold() not in SECRET_PARAMETERS}


RECENT = 5_000


@dataclass(slots=True)
class Calls:
    """What was asked so far. ``highest_window`` counts refused calls too: it is what the client tried.

    So does ``highest_at_once``, the most calls that were under way at the same time.
    """

    window_seconds: float
    total: int = 0
    refused: int = 0
    highest_window: int = 0
    at_once: int = 0
    highest_at_once: int = 0
    by_login: Counter[str] = field(default_factory=Counter)
    by_status: Counter[int] = field(default_factory=Counter)
    recent: deque[Call] = field(default_factory=lambda: deque(maxlen=RECENT))
    _windows: dict[str, _Window] = field(default_factory=dict)

    def came(self, login: str, now: float) -> None:
        """A login's call came in, whatever becomes of it."""
        window = self._windows.setdefault(login, _Window(self.window_seconds))
        self.by_login[login] += 1
        window.count(now)
        window.add(now)
        self.highest_window = max(self.highest_window, window.count(now))

    @contextmanager
    def under_way(self) -> Iterator[int]:
        """Counts a call from its first byte to its last; gives how many are under way, this one included."""
        self.at_once += 1
        self.highest_at_once = max(self.highest_at_once, self.at_once)
        try:
            yield self.at_once
        finally:
            self.at_once -= 1

    def answered(self, call: Call) -> None:
        self.total += 1
        self.refused += call.status == 429 or call.says_too_fast
        self.by_status[call.status] += 1
        self.recent.append(call)

    def to(self, part: str) -> list[Call]:
        """The recent calls whose path contains ``part``."""
        return [call for call in self.recent if part in call.path]
