"""Who this process is, for people who look at the plan. Holds no rule."""

from __future__ import annotations

import os
import socket


def process_name() -> str:
    """Host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"
