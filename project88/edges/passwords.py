"""A password that the hub made for a login of its own, kept in a file of its home. Knows no database."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from project88.edges import environment
from project88.edges.embedded import make_home
from project88.errors import ConfigError

FOLDER = "passwords"
PASSWORD_BYTES = 24


def kept_password(login: str) -> str:
    """Made on first use; only this user can read it. Two programs that come at once get the same one."""
    home = environment.home()
    path = home / FOLDER / login
    try:
        make_home(home)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            _write_new(path)
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise ConfigError(
            f"the password file {path} cannot be used: {error.strerror};"
            " set PROJECT88_HOME to a folder of yours, or name a login in PROJECT88_WEB_DATABASE_URL"
        ) from None


def _write_new(path: Path) -> None:
    """Whole or not at all, and whoever is first wins."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(PASSWORD_BYTES) + "\n")
        with suppress(FileExistsError):
            path.hardlink_to(partial)
    finally:
        partial.unlink(missing_ok=True)
