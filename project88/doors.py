"""One function per script that the deployment page names. Standard library only until it hands over."""

from __future__ import annotations

import os
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


def scheduler() -> int:
    """``schedulers/chronotrack_live_scheduler.py``: planner and worker in one process."""
    return _command_line("schedule", "--with-worker")


def _command_line(*words: str) -> int:
    """The command line with these words before the script's own, in the project's environment where there is one."""
    _use_the_environment()
    from project88.cli.app import main

    sys.argv[1:1] = words
    return main()


def _use_the_environment() -> None:
    """The deployment page calls the system's Python, which has none of the libraries."""
    python = CHECKOUT / ".venv" / "bin" / "python"
    if python.exists() and Path(sys.prefix) != CHECKOUT / ".venv":
        os.execv(python, [str(python), *sys.argv])
