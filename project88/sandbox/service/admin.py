"""The sandbox's own paths: what it counted, the faults in force, edits of the world. No part of the imitated API.

GET    /_sandbox/state    calls, refusals, the highest window and at once, simulated time, faults in force
POST   /_sandbox/faults   one fault or a list of them
DELETE /_sandbox/faults   end all faults
POST   /_sandbox/world    one edit or a list of them, such as {"edit": "remove_entry", "entry_id": "1"}
"""

from __future__ import annotations

from typing import Protocol

import msgspec
from aiohttp import web

from project88.errors import UsageError
from project88.sandbox.clock import Clock, instant
from project88.sandbox.faults import FaultBook, read_faults
from project88.sandbox.limiter import Calls
from project88.sandbox.service.replies import JSON

OWN_PATHS = "/_sandbox/"


class Editable(Protocol):
    """A world that reads its own edits."""

    def apply_json(self, raw: bytes) -> None:
        """Make one edit or a list of them; DecodeError or UsageError say what is wrong with them."""
        ...


class Controlled(Protocol):
    """What the paths show and change."""

    faults: FaultBook
    clock: Clock
    calls: Calls

    @property
    def editable(self) -> Editable: ...


def add_admin_routes(app: web.Application, sandbox: Controlled) -> None:
    admin = _Admin(sandbox)
    app.router.add_get("/_sandbox/state", admin.state)
    app.router.add_post("/_sandbox/faults", admin.add_faults)
    app.router.add_delete("/_sandbox/faults", admin.clear_faults)
    app.router.add_post("/_sandbox/world", admin.edit_world)


class _Admin:
    def __init__(self, sandbox: Controlled) -> None:
        self._sandbox = sandbox

    async def state(self, _request: web.Request) -> web.Response:
        calls = self._sandbox.calls
        faults = [{"fault": fault, "fired": fired} for fault, fired in self._sandbox.faults.fired()]
        return _json(
            {
                "simulated_time": instant(self._sandbox.clock),
                "calls": calls.total,
                "refused": calls.refused,
                "highest_window": calls.highest_window,
                "highest_at_once": calls.highest_at_once,
                "by_status": calls.by_status,
                "faults": faults,
            }
        )

    async def add_faults(self, request: web.Request) -> web.Response:
        try:
            self._sandbox.faults.add(*read_faults(await request.read()))
        except msgspec.DecodeError as error:
            return _json({"error": str(error)}, 400)
        return await self.state(request)

    async def clear_faults(self, request: web.Request) -> web.Response:
        self._sandbox.faults.clear()
        return await self.state(request)

    async def edit_world(self, request: web.Request) -> web.Response:
        try:
            self._sandbox.editable.apply_json(await request.read())
        except (msgspec.DecodeError, UsageError) as error:
            return _json({"error": str(error)}, 400)
        return await self.state(request)


def _json(body: object, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), status=status, content_type=JSON)
