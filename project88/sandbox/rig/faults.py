"""What goes wrong on the way from a mat to the hub. Draws from a seed; does nothing itself."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFaults:
    """``cuts`` links are pulled per 1,000 lines on average. Shares are between 0 and 1.

    ``repeated``: the chip is read again a second later, as another read. ``doubled``: the same line is sent twice.
    ``late``: a read waits up to 30 s at its reader. ``garbled``: a line of noise comes before the read.
    """

    cuts: float = 0.0
    repeated: float = 0.0
    doubled: float = 0.0
    late: float = 0.0
    garbled: float = 0.0
    clock_offset_seconds: float = 0.0
    seed: int = 88

    def draw(self, name: str) -> random.Random:
        """Each computer has luck of its own, the same for the same seed."""
        return random.Random(f"{self.seed} {name}")
