"""The results of an event as files: CSV, JSON and XLSX, of the whole or of what the reader chose. Holds no SQL."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from project88.exports.cells import csv_lines, json_lines
from project88.store.connection import Stream
from project88.store.public_results import published_results
from project88.store.results_page import Event
from project88.web.choices import read_choice
from project88.web.pages import Pages, chosen_race

WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: A part of an answer; a row by itself would cost a system call.
PART_CHARACTERS = 64 * 1024


class Downloads:
    """The handlers. One per application."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        #: A workbook stands in memory as a whole, so one at a time is made.
        self._making = asyncio.Lock()

    async def csv(self, request: Request) -> Response:
        event, found, opened = await self._open(request)
        lines = parts(csv_lines(found.columns, found.rows), opened)
        return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=_headers(event, "csv"))

    async def json(self, request: Request) -> Response:
        event, found, opened = await self._open(request)
        lines = parts(json_lines(found.rows), opened)
        return StreamingResponse(lines, media_type="application/json", headers=_headers(event, "json"))

    async def xlsx(self, request: Request) -> Response:
        from project88.exports.workbook import workbook  # noqa: PLC0415 - it takes 0.2 s, and few ask for one

        async with self._making:
            event, found, opened = await self._open(request)
            async with opened:
                body = await workbook(found.columns, found.rows)
        return Response(body, media_type=WORKBOOK_TYPE, headers=_headers(event, "xlsx"))

    async def _open(self, request: Request) -> tuple[Event, Stream, AsyncExitStack]:
        """The event, its rows, and what is to be closed behind them."""
        choice = read_choice(request.query_params)
        event = await self._pages.wanted(request)
        if choice.race_id:
            chosen_race(await self._pages.pictures.get(event), choice.race_id)
        asked = published_results(
            self._pages.db, event.key, choice.race_id or None, choice.gender or None, choice.division or None
        )
        opened = AsyncExitStack()
        return event, await opened.enter_async_context(asked), opened


async def parts(lines: AsyncIterator[str], opened: AsyncExitStack) -> AsyncIterator[str]:
    """The lines in larger parts; what feeds them is closed at the end, and when the reader leaves."""
    async with opened:
        part = ""
        async for line in lines:
            part += line
            if len(part) > PART_CHARACTERS:
                yield part
                part = ""
        yield part


def _headers(event: Event, ending: str) -> dict[str, str]:
    name = re.sub(r"[^a-z0-9]+", "-", event.name.lower()).strip("-") or "event"
    return {"Content-Disposition": f'attachment; filename="{name[:60]}.{ending}"', "Cache-Control": "no-cache"}
