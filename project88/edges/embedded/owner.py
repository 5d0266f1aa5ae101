"""Which user of the operating system runs the server, as PostgreSQL refuses to run as root. Makes no user."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from project88.errors import ConfigError

#: Tried in this order when we are root and nobody was named.
CANDIDATES = ("project88", "postgres", "nobody")


class ProcessUser(TypedDict, total=False):
    """The arguments of subprocess.Popen that change the user."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The user who runs the server and owns its data."""

    name: str
    uid: int
    gid: int
    #: Whether a process must change its user to become this one.
    is_other: bool

    def process_user(self) -> ProcessUser:
        if not self.is_other:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def take(self, path: Path) -> None:
        if self.is_other:
            os.chown(path, self.uid, self.gid)

    def take_descriptor(self, descriptor: int) -> None:
        if self.is_other:
            os.fchown(descriptor, self.uid, self.gid)

    def first_closed_folder(self, path: Path) -> Path | None:
        """The first folder on the way to ``path`` that this user may not walk through, None where all are open."""
        if not self.is_other:
            return None
        return next((folder for folder in reversed(path.parents) if not self._may_enter(folder)), None)

    def _may_enter(self, folder: Path) -> bool:
        found = folder.stat()
        if found.st_uid == self.uid:
            return bool(found.st_mode & 0o100)
        return bool(found.st_mode & (0o010 if found.st_gid == self.gid else 0o001))


def choose_owner(data: Path, named: str | None) -> Owner:
    """The owner of the data where there is some, else ourselves, else a user without rights."""
    if data.exists():
        return _owner_of(data)
    if os.geteuid() != 0:
        return _owner(_user_numbered(os.geteuid()))
    if named is not None:
        return _owner(_user_named(named))
    for name in CANDIDATES:
        try:
            return _owner(pwd.getpwnam(name))
        except KeyError:
            continue
    raise ConfigError(
        f"PostgreSQL refuses to run as root and none of the users {', '.join(CANDIDATES)} exists;"
        " name one in PROJECT88_PG_OS_USER"
    )


def _owner_of(data: Path) -> Owner:
    user = _user_numbered(data.stat().st_uid)
    if os.geteuid() not in (0, user.pw_uid):
        raise ConfigError(f"{data} belongs to {user.pw_name}; run as that user or set another PROJECT88_HOME")
    return _owner(user)


def _user_numbered(uid: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError as error:
        raise ConfigError(f"PostgreSQL needs a user with a name, and number {uid} has none here") from error


def _user_named(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(name)
    except KeyError as error:
        raise ConfigError(f"PROJECT88_PG_OS_USER names {name}, who does not exist here") from error


def _owner(user: pwd.struct_passwd) -> Owner:
    if user.pw_uid == 0:
        raise ConfigError("PostgreSQL refuses to run as root; name another user in PROJECT88_PG_OS_USER")
    return Owner(name=user.pw_name, uid=user.pw_uid, gid=user.pw_gid, is_other=user.pw_uid != os.geteuid())
