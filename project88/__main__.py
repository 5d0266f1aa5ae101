"""The command line as a process: `python -m project88` and the command project88."""

from __future__ import annotations

import sys

from project88.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
