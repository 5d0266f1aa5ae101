"""Tokens that a service has handed out, and whose they are until they expire. Time comes from the caller."""

from __future__ import annotations

import hmac
import secrets
from typing import Generic, TypeVar

Holder = TypeVar("Holder")


class Tokens(Generic[Holder]):
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._issued: dict[str, tuple[Holder, float]] = {}

    def issue(self, holder: Holder, now: float) -> str:
        token = secrets.token_hex(20)
        self._issued[token] = (holder, now + self.seconds)
        return token

    def holder(self, token: str, now: float) -> Holder | None:
        """None for a token that is unknown or has expired."""
        holder, expires_at = self._issued.get(token, (None, 0.0))
        return holder if now < expires_at else None

    def withdraw(self, token: str) -> None:
        self._issued.pop(token, None)


def same(given: str | None, right: str) -> bool:
    return given is not None and hmac.compare_digest(given.encode(), right.encode())
