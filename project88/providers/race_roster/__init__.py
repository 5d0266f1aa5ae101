"""Race Roster: how its partner API and its public results service are asked and read. Pure.

Source of every fact: shared/spec/provider_apis.md, section 2, whose grades are repeated where a fact is used.
"""

from __future__ import annotations

from project88.providers.race_roster.adapter import RaceRosterAdapter

__all__ = ["RaceRosterAdapter"]
