#!/usr/bin/env python3
"""Plans the polls and runs them in one process. A door: the program is project88/cli/schedule.py."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from project88.doors import scheduler

    sys.exit(scheduler())
