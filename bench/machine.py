"""What the benchmarks ran on, as a table. Reads the system; names no host."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from bench.tables import Table

LIBRARIES = ("aiohttp", "msgspec", "psycopg", "uvloop")


def machine_table(server_version: str, settings: dict[str, str]) -> Table:
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return Table(
        title="Machine",
        of_words=True,
        columns=("fact", "value"),
        rows=(
            ("cores, shared by client, API server and PostgreSQL", str(os.cpu_count())),
            ("memory", f"{_memory_bytes() / 2**30:.0f} GiB"),
            ("processor", _processor()),
            ("system", f"{platform.system()} {platform.release()}"),
            ("Python", f"{platform.python_version()}, {libraries}"),
            ("PostgreSQL", server_version),
            ("its settings", ", ".join(f"{name}={value}" for name, value in settings.items())),
        ),
    )


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
