"""Worlds the sandbox can show: the rehearsal with its season, and lists of an exact length."""

from __future__ import annotations

from project88.sandbox.worlds.boston import boston_event
from project88.sandbox.worlds.lists import list_world
from project88.sandbox.worlds.rehearsal import rehearsal_world
from project88.sandbox.worlds.season import season_events

__all__ = ["boston_event", "list_world", "rehearsal_world", "season_events"]
