#!/usr/bin/env python3
"""Prints how the hub stands, as JSON. A door: the program is project88/monitor/."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent)
    from project88.doors import monitor

    sys.exit(monitor())
