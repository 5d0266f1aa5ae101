"""Where the embedded server keeps its files, and the small files themselves. Starts no process.

The home belongs to whoever runs the hub, the folder ``postgres`` in it to the server's own user. When these two differ
(root and another), root writes only into the home, so that the other user cannot lead it astray with a link.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from project88.edges import clock
from project88.edges.embedded.owner import Owner
from project88.errors import ConfigError

LOCK_POLL_SECONDS = 0.05
LOG_LIMIT_BYTES = 10_000_000
#: A socket's path must fit the kernel's 108 bytes with its closing zero.
SOCKET_PATH_LIMIT_BYTES = 107


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths under one home."""

    home: Path

    @classmethod
    def under(cls, home: Path) -> Layout:
        return cls(home.absolute())

    @property
    def lock(self) -> Path:
        return self.home / "postgres.lock"

    @property
    def password(self) -> Path:
        return self.home / "postgres.password"

    @property
    def port(self) -> Path:
        return self.home / "postgres.port"

    @property
    def configuration(self) -> Path:
        return self.home / "postgres.conf"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def binaries(self) -> Path:
        return self.home / "postgres-binaries"

    @property
    def owned(self) -> Path:
        return self.home / "postgres"

    @property
    def data(self) -> Path:
        return self.owned / "data"

    def new_data_in_the_making(self) -> Path:
        """A folder for one initdb: that of a killed starter may still be writing into its own."""
        return self.owned / f"data.new-{secrets.token_hex(4)}"

    @property
    def socket(self) -> Path | None:
        """The folder of the socket; None where its path would be too long, then there is TCP only."""
        folder = self.owned
        longest = folder / ".s.PGSQL.65535.lock"
        return folder if len(os.fsencode(longest)) <= SOCKET_PATH_LIMIT_BYTES else None


def make_home(home: Path) -> None:
    """Make the home and the folders above it that are missing."""
    # The server's user must be able to walk through a home of root.
    mode = 0o755 if os.geteuid() == 0 else 0o700
    missing = [folder for folder in (home, *home.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)


def make_owned_folder(layout: Layout, owner: Owner) -> None:
    if not layout.owned.exists():
        layout.owned.mkdir(mode=0o700)
        owner.take(layout.owned)


def remove_abandoned_data(layout: Layout) -> None:
    """Remove what starters that died left of their initdb. What cannot go yet goes at the next start."""
    for folder in layout.owned.glob("data.new-*"):
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def only_one(layout: Layout, timeout_seconds: float) -> AsyncIterator[None]:
    """Hold the home's lock: one process at a time starts or stops the server. The kernel frees it if we die."""
    deadline = clock.monotonic() + timeout_seconds
    descriptor = os.open(layout.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not _locked(descriptor):
            if clock.monotonic() > deadline:
                raise ConfigError(f"another process holds {layout.lock}; see what it does, or end it")
            await clock.sleep(LOCK_POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)


def read_password(layout: Layout) -> str:
    """The superuser's password, made on first use."""
    if not layout.password.exists():
        write_private(layout.password, secrets.token_urlsafe(24))
    return layout.password.read_text().strip()


def write_private(path: Path, text: str) -> None:
    """Write a file that only we can read, whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def write_configuration(layout: Layout, text: str) -> None:
    """Write the server's configuration unless it is there, as an operator may have edited it."""
    if not layout.configuration.exists():
        write_private(layout.configuration, text)
        layout.configuration.chmod(0o644)


@contextmanager
def open_log(layout: Layout) -> Iterator[int]:
    """A descriptor that appends to the server's log. A long log is set aside first."""
    if layout.log.exists() and layout.log.stat().st_size > LOG_LIMIT_BYTES:
        layout.log.replace(layout.log.with_name("postgres.log.1"))
    descriptor = os.open(layout.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
