"""How many requests a caller may make: a bucket for each token and each address, in this process. Asks no database."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from math import ceil

from project88.edges import environment
from project88.edges.clock import monotonic
from project88.errors import ConfigError

WINDOW_SECONDS = 60
PER_ADDRESS = 600
PER_TOKEN = 3000
#: Callers that are remembered; the one that was silent longest is forgotten first, and its bucket is full by then.
KEPT_CALLERS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Requests in a minute; so many can also come at once."""

    per_address: int
    per_token: int


def rates() -> Rates:
    """As the environment sets them. Raises ConfigError for what is no number."""
    return Rates(
        per_address=_rate("PROJECT88_API_CALLS_PER_ADDRESS", PER_ADDRESS),
        per_token=_rate("PROJECT88_API_CALLS_PER_TOKEN", PER_TOKEN),
    )


def _rate(name: str, default: int) -> int:
    text = environment.variable(name) or str(default)
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 10_000_000):
        raise ConfigError(f"{name} is the number of requests in a minute")
    return int(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a caller has left, and the headers that say so."""

    policy: str
    quota: int
    left: int
    #: Until one more request is allowed, where none is left; else until all are.
    seconds: int
    is_allowed: bool

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.quota};w={WINDOW_SECONDS}',
            "RateLimit": f'"{self.policy}";r={self.left};t={self.seconds}',
        }


class Buckets:
    """One bucket for each caller, filled evenly."""

    def __init__(self, policy: str, quota: int) -> None:
        self._policy = policy
        self._quota = quota
        self._per_second = quota / WINDOW_SECONDS
        self._filled: OrderedDict[object, tuple[float, float]] = OrderedDict()

    def take(self, caller: object) -> Allowance:
        """Count one request of the caller, unless none is left."""
        now = monotonic()
        level, at = self._filled.pop(caller, (float(self._quota), now))
        level = min(self._quota, level + (now - at) * self._per_second)
        is_allowed = level >= 1
        level -= is_allowed
        self._filled[caller] = (level, now)
        if len(self._filled) > KEPT_CALLERS:
            self._filled.popitem(last=False)
        missing = self._quota - level if is_allowed else 1 - level
        return Allowance(
            policy=self._policy,
            quota=self._quota,
            left=int(level),
            seconds=ceil(missing / self._per_second),
            is_allowed=is_allowed,
        )
