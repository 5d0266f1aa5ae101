"""Who this process is, for people who look at the plan. Holds no rule."""

from __future__ import annotations

import os
import socket


def host_and_pid() -> tuple[str, int]:
    return socket.gethostname(), os.getpid()


def process_name() -> str:
    """Host and process id."""
    host, pid = host_and_pid()
    return f"{host}:{pid}"
