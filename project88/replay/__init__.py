"""Results made again from the raw archive and the reads, to prove that they follow from them."""

from __future__ import annotations

from project88.replay.run import Replayed, ReplayedSource, replay

__all__ = ["Replayed", "ReplayedSource", "replay"]
