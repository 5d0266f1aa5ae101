"""Stand-ins for the timing and registration services the hub talks to. Share no code with the hub's own clients."""

from __future__ import annotations

from project88.sandbox.clock import Clock, SandboxClock, SteppingClock, instant
from project88.sandbox.faults import Fault, FaultBook, read_faults
from project88.sandbox.haku.server import HakuSandbox, serve_haku
from project88.sandbox.haku.settings import HakuClient, HakuSettings
from project88.sandbox.live.settings import Account, LiveSettings
from project88.sandbox.live_server import Sandbox, serve
from project88.sandbox.race_roster.server import RaceRosterSandbox, serve_race_roster
from project88.sandbox.race_roster.settings import RaceRosterAccount, RaceRosterSettings
from project88.sandbox.registration import RegistrationWorld, registration_world, start_list_world
from project88.sandbox.runsignup.server import RunSignUpSandbox, serve_runsignup
from project88.sandbox.runsignup.settings import RunSignUpAccount, RunSignUpSettings
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
    "HakuClient",
    "HakuSandbox",
    "HakuSettings",
    "LiveSettings",
    "MoveStart",
    "RaceRosterAccount",
    "RaceRosterSandbox",
    "RaceRosterSettings",
    "RegistrationWorld",
    "RemoveEntry",
    "RemoveResult",
    "Restore",
    "RunSignUpAccount",
    "RunSignUpSandbox",
    "RunSignUpSettings",
    "Sandbox",
    "SandboxClock",
    "SetStatus",
    "SteppingClock",
    "World",
    "instant",
    "list_world",
    "read_faults",
    "registration_world",
    "rehearsal_world",
    "serve",
    "serve_haku",
    "serve_race_roster",
    "serve_runsignup",
    "start_list_world",
]
