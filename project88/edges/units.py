"""The systemd unit of the scheduler and the file with its settings. Starts no service; /etc is left to the operator.

The unit holds no secret: the address of the database with its password stands in a file that only its owner reads, and
the key of the sealed secrets is handed over by systemd itself.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shlex
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from project88.edges import environment
from project88.edges.embedded import make_home
from project88.edges.sealing import CREDENTIAL_NAME, key_file
from project88.errors import ConfigError

UNIT_NAME = "chronotrack-live-scheduler.service"
#: Where the deployment page takes it from.
UNIT_PATH = Path("/tmp") / UNIT_NAME
SETTINGS_NAME = "chronotrack-live.env"
CHECKOUT = Path(__file__).resolve().parents[2]
SCHEDULER = CHECKOUT / "schedulers" / "chronotrack_live_scheduler.py"
#: The scheduler stops within 10 s of SIGTERM.
STOP_SECONDS = 20
#: The embedded server does not run as root: whoever starts it must change its user and give it its folder.
RIGHTS_TO_CHANGE_USER = "CAP_SETUID CAP_SETGID CAP_CHOWN CAP_FOWNER CAP_DAC_OVERRIDE CAP_KILL"
USER_HOMES = (Path("/home"), Path("/root"), Path("/run/user"))
TEMPORARY = (Path("/tmp"), Path("/var/tmp"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What the unit depends on."""

    python: Path
    home: Path
    user: str
    #: None where no secret was sealed yet.
    keys: Path | None
    #: Whether the hub runs its own PostgreSQL.
    is_embedded: bool
    #: Files and folders outside the home that it reads: libpq's own files, the interpreter.
    reads: tuple[Path, ...] = ()

    @property
    def settings(self) -> Path:
        return self.home / SETTINGS_NAME

    @property
    def paths(self) -> tuple[Path, ...]:
        return (CHECKOUT, self.python, self.home, *self.reads)


def unit_text(service: Service) -> str:
    """The unit file. Systemd forbids the process all that collecting does not need."""
    is_in = {folder: _any_below(service.paths, folder) for folder in (*USER_HOMES, *TEMPORARY)}
    needs_rights = service.is_embedded and service.user == "root"
    lines = [
        "[Unit]",
        "Description=Collects ChronoTrack Live results on schedule",
        f"Documentation=file://{_quoted_path(CHECKOUT / 'docs/howto/deploy.md')}",
        "After=network-online.target postgresql.service",
        "Wants=network-online.target",
        "# The database may be away for long: it goes on trying.",
        "StartLimitIntervalSec=0",
        "",
        "[Service]",
        "Type=exec",
        "ExecStart=" + f"{_word(service.python)} {_word(SCHEDULER)}".replace("$", "$$"),
        f"WorkingDirectory={_escaped(CHECKOUT)}",
        f"User={service.user}",
        f"Environment={_word(f'PROJECT88_HOME={service.home}')} PYTHONUNBUFFERED=1",
        f"EnvironmentFile=-{_escaped(service.settings)}",
        *([f"LoadCredential={CREDENTIAL_NAME}:{_escaped(service.keys)}"] if service.keys else []),
        "Restart=on-failure",
        "RestartSec=10",
        "KillSignal=SIGTERM",
        "KillMode=mixed",
        f"TimeoutStopSec={STOP_SECONDS}",
        "UMask=0077",
        "",
        *_hardening(service, is_in, needs_rights),
        "",
        "[Install]",
        "WantedBy=multi-user.target",
    ]
    return "\n".join(lines) + "\n"


def service_here() -> Service:
    """The scheduler of this checkout, on the database and with the home that this process has."""
    home = environment.home()
    is_embedded = isinstance(environment.database(), environment.EmbeddedDatabase)
    in_checkout = CHECKOUT / ".venv" / "bin" / "python3"
    python = in_checkout if in_checkout.exists() else Path(sys.executable)
    keys = key_file()
    libpq = [Path.home() / name for name in (".pgpass", ".pg_service.conf", ".postgresql")]
    return Service(
        python=python,
        home=home,
        user=_user(home, is_embedded),
        keys=keys if keys.exists() else None,
        is_embedded=is_embedded,
        reads=(python.resolve(), *(path for path in libpq if not is_embedded and path.exists())),
    )


def write_unit(path: Path = UNIT_PATH) -> Path:
    """Write the unit, and the file of settings that it names; says where the unit stands."""
    service = service_here()
    make_home(service.home)
    settings = settings_text(_old_settings(service.settings), environment.of_a_service())
    _write(service.settings, settings, 0o600, service.user)
    _write(path, unit_text(service), 0o644, None)
    return path


def settings_text(old: str, settings: Mapping[str, str]) -> str:
    """The file of settings: what this process was told, and what an operator added to the old one."""
    names_database = bool(environment.DATABASE_VARIABLES & settings.keys())
    ours = settings.keys() | (environment.DATABASE_VARIABLES if names_database else set())
    kept = [line for line in old.splitlines() if line.strip() and line.partition("=")[0].strip() not in ours]
    head = "# Settings of the scheduler's unit. Add others here; deploying again keeps them."
    lines = [head, *(line for line in kept if line != head), *_assignments(settings)]
    return "\n".join(lines) + "\n"


def _hardening(service: Service, is_in: Mapping[Path, bool], needs_rights: bool) -> list[str]:
    in_homes = any(is_in[folder] for folder in USER_HOMES)
    in_temporary = any(is_in[folder] for folder in TEMPORARY)
    return [
        f"CapabilityBoundingSet={RIGHTS_TO_CHANGE_USER if needs_rights else ''}",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        f"ReadWritePaths=-{_escaped(service.home)}",
        f"ProtectHome={'read-only' if in_homes else 'yes'}",
        f"PrivateTmp={'no' if in_temporary else 'yes'}",
        *(["ReadWritePaths=/tmp"] if in_temporary else []),
        "PrivateDevices=yes",
        "ProtectClock=yes",
        "ProtectControlGroups=yes",
        "ProtectHostname=yes",
        "ProtectKernelLogs=yes",
        "ProtectKernelModules=yes",
        "ProtectKernelTunables=yes",
        "LockPersonality=yes",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
        "RestrictNamespaces=yes",
        "RestrictRealtime=yes",
        "RestrictSUIDSGID=yes",
        "SystemCallArchitectures=native",
        "SystemCallFilter=@system-service",
        "SystemCallErrorNumber=EPERM",
    ]


def _user(home: Path, is_embedded: bool) -> str:
    """Whoever deploys; for root the owner of the checkout, or of the home where the hub's own PostgreSQL stands."""
    number = os.geteuid()
    if number == 0:
        owned = home if is_embedded and home.exists() else CHECKOUT
        number = owned.stat().st_uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError as error:
        raise ConfigError(f"user number {number} has no name; deploy as a user that has one") from error


def _old_settings(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _assignments(settings: Mapping[str, str]) -> Iterable[str]:
    for name, value in settings.items():
        if "\n" in value:
            raise ConfigError(f"{name} holds a line break, which the settings of a unit cannot")
        yield f"{name}={shlex.quote(value)}"


def _write(path: Path, text: str, mode: int, owner: str | None) -> None:
    """Whole or not at all; a link that somebody put in its place is replaced, not followed."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(file.fileno(), mode)
            if owner is not None and os.geteuid() == 0:
                os.fchown(file.fileno(), pwd.getpwnam(owner).pw_uid, -1)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise ConfigError(f"cannot write {path}: {error.strerror}; remove it or name another by --path") from error


def _any_below(paths: Iterable[Path], folder: Path) -> bool:
    return any(path.is_relative_to(folder) for path in paths)


def _escaped(path: Path) -> str:
    """Systemd reads % as the beginning of a specifier."""
    return str(path).replace("%", "%%")


def _word(text: object) -> str:
    """One word of a line; systemd's quotes are those of C."""
    escaped = str(text).replace("%", "%%").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if any(letter in escaped for letter in " '\"\\;") else escaped


def _quoted_path(path: Path) -> str:
    return _escaped(path).replace(" ", "%%20")
