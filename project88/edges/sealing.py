"""Secrets at rest: sealed with AES-256-GCM by the keys in a file. Knows no table; no key is shown or logged.

A sealed text is ``p88:1:<key id>:<base64url of nonce and ciphertext>``. The context it was sealed with must be given to
unseal it, so that the secret of one login cannot be passed off as another's.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from project88.edges import clock, environment
from project88.edges.embedded import make_home
from project88.errors import ConfigError, KeyMissing

PREFIX = "p88:1:"
SEALED = re.compile(r"p88:1:([0-9a-f]{8}):([A-Za-z0-9_-]+={0,2})")
KEY_BYTES = 32
NONCE_BYTES = 12
#: The name that systemd's LoadCredential= gives the file.
CREDENTIAL_NAME = "project88.keys"
FILE_NAME = "credentials.keys"
HEAD = (
    "# The keys of the sealed secrets in the hub's database: the first one seals, all open.\n"
    "# Keep a copy in another place. Without it the stored secrets are lost.\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One line of the key file."""

    created: str
    secret: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        return hashlib.sha256(self.secret).hexdigest()[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A file that may hold the keys."""

    path: Path
    #: Systemd hands the file over, readable for the service only, and does not let it be written.
    is_from_systemd: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRing:
    """The keys that were found. The first one seals, all unseal."""

    keys: Sequence[Key]
    #: Where they were looked for, the first that exists being the one that counts.
    places: Sequence[Place]

    @property
    def key_ids(self) -> tuple[str, ...]:
        return tuple(key.key_id for key in self.keys)

    def seal(self, secret: str, context: str) -> str:
        if not self.keys:
            raise ConfigError(f"there is no key to seal with; looked in {_names(self.places)}")
        key, nonce = self.keys[0], os.urandom(NONCE_BYTES)
        sealed = AESGCM(key.secret).encrypt(nonce, secret.encode(), context.encode())
        return f"{PREFIX}{key.key_id}:{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def unseal(self, text: str, context: str) -> str:
        """Raises KeyMissing, or ConfigError where the text was sealed for another context or was changed."""
        key_id = key_id_of(text)
        key = next((each for each in self.keys if each.key_id == key_id), None)
        if key is None:
            raise KeyMissing(
                f"the key {key_id} that opens this secret is missing; looked in {_names(self.places)}. Put the key "
                "file back; if the key is lost, store the secret anew with project88 credentials set"
            )
        try:
            sealed = base64.urlsafe_b64decode(text.rpartition(":")[2])
            opened = AESGCM(key.secret).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())
        except (InvalidTag, ValueError):
            raise ConfigError(
                "this sealed secret was changed or belongs to another login: store it anew with "
                "project88 credentials set"
            ) from None
        return opened.decode()


def is_sealed(text: str) -> bool:
    return SEALED.fullmatch(text) is not None


def key_id_of(text: str) -> str:
    """The key that a sealed text asks for. Raises ConfigError where the text is not sealed."""
    found = SEALED.fullmatch(text)
    if found is None:
        raise ConfigError("this secret is not sealed: run project88 credentials seal")
    return found[1]


def open_key_ring() -> KeyRing:
    """The keys of this machine; none where no file exists. Raises ConfigError for a file that cannot be used.

    The file that counts may be systemd's copy, which is as old as the service. So the other files are looked into too,
    as far as they can be read, and a key that was added since opens what it sealed.
    """
    places = key_places()
    there = [place for place in places if _exists(place.path)]
    if not there:
        return KeyRing(keys=(), places=places)
    keys = _read(there[0])
    for place in there[1:]:
        with suppress(ConfigError):
            keys += [key for key in _read(place) if key not in keys]
    return KeyRing(keys=keys, places=places)


def key_places() -> list[Place]:
    """Where the keys may be, the place that counts most first."""
    places = []
    if folder := environment.variable("CREDENTIALS_DIRECTORY"):
        places.append(Place(path=Path(folder) / CREDENTIAL_NAME, is_from_systemd=True))
    return [*places, Place(path=key_file())]


def key_file() -> Path:
    """The file that a new key is written to."""
    named = environment.variable("PROJECT88_KEY_FILE")
    return Path(named).absolute() if named else environment.home() / FILE_NAME


def make_key_ring() -> KeyRing:
    """The ring with its first key, which is made unless another process was faster."""
    with _alone():
        if not (ring := open_key_ring()).keys:
            _write([_new_key()])
            ring = open_key_ring()
    return ring


def add_key() -> KeyRing:
    """The ring with a new key in front. The key is on the disk before it can seal anything."""
    with _alone():
        present = _read_ours()
        _write([_new_key(), *present])
    return open_key_ring()


def forget_keys(used: Iterable[str]) -> list[str]:
    """Take the keys out of the file that are not among ``used``, never the first one; say which."""
    wanted = frozenset(used)
    with _alone():
        present = _read_ours()
        kept = [key for number, key in enumerate(present) if number == 0 or key.key_id in wanted]
        if kept != present:
            _write(kept)
    return [key.key_id for key in present if key not in kept]


def _read_ours() -> list[Key]:
    """The keys in the file that we may write. Raises ConfigError where systemd's copy is the one that counts."""
    for place in key_places():
        if place.is_from_systemd and _exists(place.path):
            raise ConfigError("this process has its keys from systemd and cannot change them: run it from a shell")
    path = key_file()
    return _read(Place(path=path)) if _exists(path) else []


def _exists(path: Path) -> bool:
    """A file that we may not even see counts: reading it says why it cannot be used."""
    try:
        return path.exists()
    except OSError:
        return True


def _read(place: Place) -> list[Key]:
    """Raises ConfigError for a file that others can read, that we cannot, or that holds something else."""
    path = place.path
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the key file {path} cannot be read: {_reason(error)}") from None
    if mode & 0o077 and not place.is_from_systemd:
        raise ConfigError(f"the key file {path} can be read by others than its owner; run: chmod 600 {path}")
    keys = [
        _key(path, number, line)
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and not line.startswith("#")
    ]
    if not keys:
        raise ConfigError(f"the key file {path} holds no key; put the right file back")
    return keys


def _key(path: Path, number: int, line: str) -> Key:
    created, _, encoded = line.strip().partition(" ")
    try:
        secret = base64.b64decode(encoded.strip(), validate=True)
    except binascii.Error:
        secret = b""
    if len(secret) != KEY_BYTES:
        # The line is not quoted: most of a key may stand in it.
        raise ConfigError(f"line {number} of the key file {path} is not a date and a key; put the right file back")
    return Key(created=created, secret=secret)


def _new_key() -> Key:
    return Key(created=clock.utc_now().date().isoformat(), secret=os.urandom(KEY_BYTES))


def _write(keys: Sequence[Key]) -> None:
    """Replace the file, whole or not at all, and see it onto the disk."""
    path = key_file()
    lines = (f"{key.created} {base64.b64encode(key.secret).decode()}\n" for key in keys)
    partial = path.with_name(f"{path.name}.partial")
    with _explained(path):
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            _give_to_owner(descriptor, path)
            file.write(HEAD + "".join(lines))
            file.flush()
            os.fsync(descriptor)
        partial.replace(path)
        with _opened_folder(path.parent) as folder:
            os.fsync(folder)


def _give_to_owner(descriptor: int, path: Path) -> None:
    """What root writes belongs to the user of the old file or else of the folder: the service may run as that user."""
    if os.geteuid() == 0:
        owner = (path if path.exists() else path.parent).stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time writes the file. The kernel lets go of the lock if we die."""
    path = key_file()
    with _explained(path):
        if path.parent == environment.home():
            make_home(path.parent)
        with _opened_folder(path.parent) as folder:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield


@contextmanager
def _opened_folder(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"the key file {path} cannot be written: {_reason(error)}; let PROJECT88_KEY_FILE name a file that can"
        ) from None


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else "it is not plain text"


def _names(places: Iterable[Place]) -> str:
    return " and ".join(str(place.path) for place in places)
