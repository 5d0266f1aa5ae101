"""The outside world: sockets, processes, the clock, the environment. Decides nothing."""

from __future__ import annotations
