"""A stand-in for the timing services the hub talks to. Shares no code with the hub's own clients."""

from __future__ import annotations

from project88.sandbox.clock import Clock, SandboxClock, SteppingClock, instant
from project88.sandbox.faults import Fault, FaultBook, read_faults
from project88.sandbox.live.settings import Account, LiveSettings
from project88.sandbox.live_server import Sandbox, serve
from project88.sandbox.world import (
    AddEntry,
    ChangeTime,
    MoveStart,
    RemoveEntry,
    RemoveResult,
    Restore,
    SetStatus,
    World,
)
from project88.sandbox.worlds import list_world, rehearsal_world

__all__ = [
    "Account",
    "AddEntry",
    "ChangeTime",
    "Clock",
    "Fault",
    "FaultBook",
    "LiveSettings",
    "MoveStart",
    "RemoveEntry",
    "RemoveResult",
    "Restore",
    "Sandbox",
    "SandboxClock",
    "SetStatus",
    "SteppingClock",
    "World",
    "instant",
    "list_world",
    "read_faults",
    "rehearsal_world",
    "serve",
]
