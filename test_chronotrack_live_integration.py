#!/usr/bin/env python3
"""Verifies the whole integration in eleven slots. A door: the program is project88/cli/verify.py."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent)
    from project88.doors import verification

    sys.exit(verification())
