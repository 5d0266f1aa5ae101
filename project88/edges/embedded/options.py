"""What may be chosen about the embedded server, and the configuration file it starts with. Does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "shared_buffers": "512MB",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "work_mem": "32MB",
        "maintenance_work_mem": "128MB",
        "random_page_cost": "1.1",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_checkpoints": "off",
        "log_line_prefix": "%m [%p] %d ",
        # DETAIL lines quote the row that was refused, and a row may hold a secret.
        "log_error_verbosity": "terse",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to start the server. What is not given is looked for or has a default."""

    #: The folder of initdb and postgres.
    binaries: Path | None = None
    #: Who owns the server when we are root.
    os_user: str | None = None
    #: Added to SETTINGS when the configuration file is first written.
    settings: Mapping[str, str] = field(default_factory=dict)
    initdb_arguments: tuple[str, ...] = ()
    #: Recovery after a crash replays up to max_wal_size, at some 240 MB a second.
    start_timeout_seconds: float = 180.0


def configuration(options: Options) -> str:
    """The text of the server's configuration file."""
    chosen = {**SETTINGS, **options.settings}
    head = "# Written once by project88; edit it and run: project88 db stop\n"
    return head + "".join(f"{name} = '{value}'\n" for name, value in chosen.items())
