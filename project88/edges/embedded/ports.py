"""The server's port on loopback: chosen once, kept in a file, chosen anew when somebody else took it."""

from __future__ import annotations

import errno
import random
import socket
from pathlib import Path

from project88.errors import ConfigError

#: Below the range from which the kernel gives out ports to outgoing connections.
CHOICE = range(20_000, 32_000)
ATTEMPTS = 200


def free_port(host: str, kept: Path) -> int:
    """A port that nobody listens on: the kept one where possible."""
    port = _kept_port(kept)
    if port is None or not _is_free(host, port):
        port = _choose(host)
        kept.write_text(f"{port}\n")
    return port


def _kept_port(kept: Path) -> int | None:
    try:
        text = kept.read_text().strip()
    except FileNotFoundError:
        return None
    return int(text) if text.isdigit() else None


def _choose(host: str) -> int:
    for port in random.sample(CHOICE, ATTEMPTS):
        if _is_free(host, port):
            return port
    raise ConfigError(f"found no free port on {host}")


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True
