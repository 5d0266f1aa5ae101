"""Keeps known secrets out of log lines. Knows the secrets of this process only; writes nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterable

HIDDEN = "[hidden]"
#: A shorter secret would hide ordinary words.
SHORTEST_SECRET = 6

_secrets: set[str] = set()


def hide_secrets(secrets: Iterable[str]) -> None:
    _secrets.update(secret for secret in secrets if len(secret) >= SHORTEST_SECRET)


def redacted(text: str) -> str:
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


class RedactingFormatter(logging.Formatter):
    """Formats as usual, then hides the secrets, those in tracebacks too."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))
