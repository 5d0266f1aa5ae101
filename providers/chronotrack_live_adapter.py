#!/usr/bin/env python3
"""Prints what the ChronoTrack Live adapter declares, or gives it to an import. A door to project88/providers/."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from project88.doors import adapter

    sys.exit(adapter())

from project88.providers.chronotrack_live import ChronoTrackLiveAdapter

__all__ = ["ChronoTrackLiveAdapter"]
