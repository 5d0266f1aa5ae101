"""Records of one list on their way to the stage, in portions, while the next ones are being read. Decodes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from project88.store.staging import Stage

#: So many records go to the database at once, whatever the size of a page.
RECORDS_PER_COPY = 4000


class RecordStager:
    """Everything added is staged once the block ends; after an error or a cancellation nothing is left running."""

    def __init__(self, stage: Stage, list_no: int) -> None:
        self._stage = stage
        self._list_no = list_no
        self._pending: list[Any] = []
        self._staging: asyncio.Task[None] | None = None

    async def __aenter__(self) -> RecordStager:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                await self._hand_over()
                await self._staged()
        finally:
            await self._give_up()

    async def add(self, records: Sequence[Any]) -> None:
        self._pending += records
        if len(self._pending) >= RECORDS_PER_COPY:
            await self._hand_over()

    async def _hand_over(self) -> None:
        """Let the database take what is pending while the next pages are decoded."""
        await self._staged()
        if self._pending:
            pending, self._pending = self._pending, []
            self._staging = asyncio.create_task(self._stage.add(self._list_no, pending))

    async def _staged(self) -> None:
        """Wait until what was handed over is in the database."""
        if self._staging is not None:
            await self._staging
            self._staging = None

    async def _give_up(self) -> None:
        if self._staging is not None:
            self._staging.cancel()
            await asyncio.gather(self._staging, return_exceptions=True)
