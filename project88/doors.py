"""One function per script that the deployment page names. Standard library only until it hands over."""

from __future__ import annotations

import os
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
BACKFILL_LOG = "/tmp/chronotrack_live_backfill.log"
EXIT_CONFIG = 78


def adapter() -> int:
    """``providers/chronotrack_live_adapter.py``: what the adapter declares."""
    return _command_line("providers", "chronotrack_live")


def scheduler() -> int:
    """``schedulers/chronotrack_live_scheduler.py``: planner and worker in one process."""
    return _command_line("schedule", "--with-worker")


def backfill() -> int:
    """``backfill/chronotrack_live_backfill.py``: the past of every partner, with the page's log."""
    return _command_line("backfill", "--provider", "chronotrack_live", "--log", BACKFILL_LOG)


def verification() -> int:
    """``test_chronotrack_live_integration.py``: the eleven slots of the verification."""
    return _command_line("verify")


def monitor() -> int:
    """``monitor_chronotrack_live.py``: how the hub stands, as JSON."""
    return _command_line("monitor", "--json")


def _command_line(*words: str) -> int:
    """The command line with these words before the script's own, in the project's environment where there is one."""
    _use_the_environment()
    try:
        from project88.cli.app import main
    except (ImportError, SyntaxError) as error:
        # An older Python cannot even read the package.
        sys.stderr.write(f"error: {sys.executable} cannot run the hub ({error}); run: make -C {CHECKOUT} setup\n")
        return EXIT_CONFIG
    sys.argv[1:1] = words
    return main()


def _use_the_environment() -> None:
    """The deployment page calls the system's Python, which has none of the libraries."""
    environment = CHECKOUT / ".venv"
    python = environment / "bin" / "python"
    if python.exists() and Path(sys.prefix).resolve() != environment.resolve():
        os.execv(python, [str(python), *sys.argv])
