"""A timing rig: timing computers that play a race by CTP01. Shares the wire with the hub, in the opposite role."""

from __future__ import annotations

from project88.sandbox.rig.computer import Computer, Login
from project88.sandbox.rig.faults import LinkFaults
from project88.sandbox.rig.play import RigOptions, play, rig_of

__all__ = ["Computer", "LinkFaults", "Login", "RigOptions", "play", "rig_of"]
