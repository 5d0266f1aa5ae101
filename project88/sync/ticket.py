"""The right to store what a poll brings, for those who schedule. Stores nothing itself."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from project88.store.budget import Priority
from project88.store.connection import Connection
from project88.store.history import Outcome


class Ticket(Protocol):
    """Of one poll. ``due`` is the planned instant in hub time that the poll stands for."""

    @property
    def due(self) -> datetime: ...
    @property
    def priority(self) -> Priority: ...

    async def stored(self, connection: Connection, outcome: Outcome) -> None:
        """Called last in the transaction that stores the rows. Raises Superseded where the right is lost."""
