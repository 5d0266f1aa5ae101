"""ChronoTrack Live: how its API is asked and how its answers become records. Pure.

Source of every fact: shared/spec/chronotrack_live_api.md, whose grades are repeated where a fact is used.
"""

from __future__ import annotations

from project88.providers.chronotrack_live.adapter import ChronoTrackLiveAdapter

__all__ = ["ChronoTrackLiveAdapter"]
