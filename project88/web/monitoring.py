"""How the hub stands, looked at once in a few seconds however many ask. Judges nothing itself."""

from __future__ import annotations

import asyncio

from project88.edges.clock import monotonic
from project88.monitor import look
from project88.monitor.findings import Status
from project88.store.connection import Database


class Monitoring:
    """The newest look. It asks some thirty questions, so it is kept for ``kept_seconds``."""

    def __init__(self, kept_seconds: float) -> None:
        self._kept_seconds = kept_seconds
        self._lock = asyncio.Lock()
        self._status: Status | None = None
        self._looked_at = float("-inf")

    async def status(self, hub: Database) -> Status:
        """At most a few seconds old. Raises StoreError where the database fails."""
        async with self._lock:
            if self._status is None or monotonic() - self._looked_at > self._kept_seconds:
                self._status = await look(hub, with_metrics=False)
                self._looked_at = monotonic()
            return self._status
