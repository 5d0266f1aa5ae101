"""The files of a backup: a dump, or a folder of one, and beside it what it must hold. Runs no program.

A dump is written under another name and gets its own when it was read back, so that a name is never a promise only.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from project88.errors import HubError, UsageError

Format = Literal["custom", "directory", "plain"]

SUFFIXES: dict[Format, str] = {"custom": ".dump", "directory": ".dir", "plain": ".sql"}
BLOCK_BYTES = 1 << 20
#: The first bytes of a dump in pg_dump's own format.
CUSTOM_MARK = b"PGDMP"
PLAIN_MARK = b"PostgreSQL database dump"
PLAIN_END = b"PostgreSQL database dump complete"
HEAD_BYTES = 200
TAIL_BYTES = 400


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside a dump, as JSON: what it must be and hold."""

    database: str
    server: str
    format: Format
    started_at: datetime
    finished_at: datetime
    size_bytes: int
    sha256: str
    #: restore or reading, as the table backups says.
    verified_by: Literal["restore", "reading"]
    #: Rows by table.
    rows: dict[str, int]


def new_name(database: str, at: datetime, form: Format) -> str:
    """The name of a backup whose folder only was given."""
    return f"{_stem(database)}{at:%Y%m%dT%H%M%SZ}{SUFFIXES[form]}"


def older_ones(folder: Path, database: str, keep: int) -> list[Path]:
    """The backups of a database in a folder that are not among the newest ``keep``."""
    name = re.compile(re.escape(_stem(database)) + r"\d{8}T\d{6}Z(\.dump|\.dir|\.sql)")
    found = sorted((path for path in folder.iterdir() if name.fullmatch(path.name)), key=lambda path: path.name)
    return found[: max(0, len(found) - keep)]


@contextmanager
def in_the_making(target: Path, form: Format) -> Iterator[Path]:
    """The name under which to write ``target``. What is still there at the end is removed."""
    with explained(target):
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = target.with_name(target.name + ".partial")
        remove(partial)
        if form != "directory":
            os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield partial
    finally:
        remove(partial)


def finish(partial: Path, target: Path, manifest: Manifest) -> None:
    """Give a dump its name, on the disk for good, and put what it holds beside it."""
    with explained(target):
        partial.rename(target)
        beside = manifest_of(target)
        beside.unlink(missing_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
        for path in (beside, target.parent):
            _sync(path)


def flush(path: Path) -> None:
    """Wait until a dump is on the disk."""
    with explained(path):
        for each in (*_files(path), path):
            _sync(each)


def fingerprint(path: Path) -> tuple[int, str]:
    """The size and SHA-256 of a file; of a folder those of its files with their names."""
    digest, size = hashlib.sha256(), 0
    with explained(path):
        for each in _files(path):
            if path.is_dir():
                digest.update(f"{each.relative_to(path)}\n".encode())
            with each.open("rb") as file:
                while block := file.read(BLOCK_BYTES):
                    digest.update(block)
                    size += len(block)
    return size, digest.hexdigest()


def size_of(path: Path) -> int:
    """The bytes that are there by now; 0 where nothing is."""
    return sum(each.stat().st_size for each in _files(path)) if path.exists() else 0


def format_of(path: Path) -> Format:
    """Raises UsageError where the path is no dump."""
    if (path / "toc.dat").is_file():
        return "directory"
    if not path.is_file():
        raise UsageError(f"{path} is no file and no folder of a backup")
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if head.startswith(CUSTOM_MARK):
        return "custom"
    if PLAIN_MARK in head:
        return "plain"
    raise UsageError(f"{path} is not a dump that pg_dump made")


def ends_well(path: Path) -> bool:
    """Whether a plain dump has its last line."""
    with explained(path), path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        return PLAIN_END in file.read()


def read_manifest(path: Path) -> Manifest | None:
    """What a dump must hold; None where nothing stands beside it. Raises HubError for what cannot be read."""
    beside = manifest_of(path)
    if not beside.exists():
        return None
    try:
        return msgspec.json.decode(beside.read_bytes(), type=Manifest)
    except msgspec.DecodeError as error:
        raise HubError(f"{beside} cannot be read: {error}; remove it to go without it") from error


def manifest_of(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def remove(path: Path) -> None:
    """Remove a dump and what stands beside it, where they are."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    manifest_of(path).unlink(missing_ok=True)


def free_bytes(folder: Path) -> int:
    """What the disk of a folder still takes. The folder need not exist yet."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    return shutil.disk_usage(there).free


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn a refusal of the file system into what an operator can act on."""
    try:
        yield
    except OSError as error:
        raise HubError(f"cannot write or read {path}: {error.strerror or error}") from error


def _stem(database: str) -> str:
    return f"project88-{re.sub(r'[^A-Za-z0-9_]', '_', database)}-"


def _files(path: Path) -> list[Path]:
    return sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
