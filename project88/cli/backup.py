"""``project88 backup``: a copy of the whole database, proved before it counts. Puts nothing back: see restore."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from project88.cli.common import hub_url, print_table, run
from project88.edges import environment
from project88.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from project88.cli.copies import Copying
    from project88.edges.backup_files import Manifest
    from project88.store.backups import Backup

COLUMNS = ("id", "begun (UTC)", "state", "proved by", "size", "file", "because")
#: A dump is smaller than its database; with its proof beside it, it fits into this share of it.
ROOM_SHARE = 0.5

Form = Literal["custom", "directory", "plain"]
File = Annotated[Path | None, typer.Option("--file", help="The file to write; it must not exist yet.", metavar="FILE")]
Folder = Annotated[
    Path | None, typer.Option("--folder", help="The folder for a file named by time; else that of the hub.")
]


def backup(
    file: File = None,
    folder: Folder = None,
    form: Annotated[Form, typer.Option("--format", help="pg_dump's format.")] = "custom",
    keep: Annotated[
        int | None, typer.Option("--keep", min=1, metavar="N", help="Remove all but the newest N of the folder.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Show the backups that were made.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Say whether a backup can be made; write nothing.")] = False,
    note: Annotated[
        Path | None, typer.Option("--note", help="Enter a backup that is older than the schema.", metavar="FILE")
    ] = None,
) -> None:
    """Copy the whole database, data and all, into a file, and prove that it can be restored.

    The file gets its name only after it was restored into a scratch database whose tables all had their rows. A role
    that may not create databases has it read to its end instead, and the output says so. The file FILE.json beside it
    holds the row counts and a checksum. The key that opens sealed secrets is not in it.

    Example: project88 backup --keep 14
    """
    if file is not None and (folder is not None or keep is not None):
        raise UsageError("--file names one file; --folder and --keep are for files named by time")
    if sum((list_, check, note is not None)) > 1:
        raise UsageError("give one of --list, --check and --note")
    if list_:
        run(show_backups())
    elif check:
        run(_check(file or folder))
    elif note is not None:
        run(_note(note.absolute()))
    else:
        run(_backup(file, folder, form, keep))


async def show_backups() -> None:
    from project88.store.backups import backups
    from project88.store.connection import Database

    async with Database.open(await hub_url(), pool_size=1) as db:
        found = await backups(db)
    if found:
        print_table(COLUMNS, [_row(each) for each in found])
    else:
        typer.echo("no backup is noted in this database")


async def _backup(file: Path | None, folder: Path | None, form: Form, keep: int | None) -> None:
    from project88.cli.copies import copying, make_copy
    from project88.edges.backup_files import older_ones, remove
    from project88.store.connection import Database

    conninfo = await hub_url()
    async with Database.open(conninfo, pool_size=2) as db:
        work = await copying(db, conninfo)
        target = _target(file, folder, form, work.database)
        size = f"{work.rights.size_bytes / 1e6:,.1f} MB"
        typer.echo(f"backing up {work.database} ({size}, PostgreSQL {work.rights.major}) to {target}")
        manifest = await make_copy(work, target, form)
    typer.echo("\n".join(_done(manifest)))
    for old in older_ones(target.parent, work.database, keep) if keep else []:
        remove(old)
        typer.echo(f"removed {old.name}, older than the newest {keep}")


async def _check(place: Path | None) -> None:
    from project88.cli.copies import copying
    from project88.edges.backup_files import free_bytes
    from project88.store.connection import Database

    conninfo = await hub_url()
    async with Database.open(conninfo, pool_size=1) as db:
        work = await copying(db, conninfo)
    folder = (place or default_folder()).absolute()
    free = free_bytes(folder)
    typer.echo("\n".join(_findings(work, folder, free)))
    if not (work.rights.may_create_table and work.rights.may_create_schema):
        raise ConfigError(
            f"the role may not make tables and schemas in {work.database}; run as the owner of the database"
        )
    if free < work.rights.size_bytes * ROOM_SHARE:
        raise ConfigError(f"{folder} has {free / 1e6:,.0f} MB free, which is too little; name another by --folder")


async def _note(path: Path) -> None:
    import msgspec

    from project88.edges.backup_files import fingerprint, manifest_of, read_manifest
    from project88.store.backups import can_note, note
    from project88.store.connection import Database

    manifest = read_manifest(path)
    if manifest is None:
        raise UsageError(f"{manifest_of(path)} is missing, so nothing is known of {path}")
    if fingerprint(path) != (manifest.size_bytes, manifest.sha256):
        raise UsageError(f"{path} is not the file that was proved")
    async with Database.open(await hub_url(), pool_size=1) as db:
        if not await can_note(db):
            raise ConfigError("the database has no table for backups yet; run: project88 db migrate")
        await note(db, {**msgspec.structs.asdict(manifest), "file_name": str(path)})
    typer.echo(f"noted {path}")


def default_folder() -> Path:
    return environment.home() / "backups"


def _target(file: Path | None, folder: Path | None, form: Form, database: str) -> Path:
    """Raises UsageError where the file exists."""
    from project88.edges import clock
    from project88.edges.backup_files import new_name
    from project88.edges.embedded import make_home

    if file is None and folder is None:
        make_home(environment.home())
    target = file or (folder or default_folder()) / new_name(database, clock.utc_now(), form)
    if target.exists():
        raise UsageError(f"{target} exists; name another file")
    return target.absolute()


def _done(manifest: Manifest) -> list[str]:
    from project88.edges.sealing import key_file

    rows = f"{len(manifest.rows)} tables, {sum(manifest.rows.values()):,} rows"
    proof = f"proved: restored into a scratch database, {rows}, each table as it was"
    if manifest.verified_by == "reading":
        proof = f"READ ONLY TO ITS END, not restored: the role may not create a database; {rows} at the start"
    return [
        proof,
        f"size {manifest.size_bytes / 1e6:,.1f} MB, sha256 {manifest.sha256}",
        f"not in it: the key that opens sealed secrets; keep a copy of {key_file()} in another place",
    ]


def _findings(work: Copying, folder: Path, free: int) -> list[str]:
    rights, programs = work.rights, work.programs[0]
    proof = "by a restore" if rights.may_create_database else "by reading only: the role may not create databases"
    return [
        f"database: {work.database}, PostgreSQL {rights.major}, {rights.size_bytes / 1e6:,.1f} MB",
        f"programs: pg_dump {programs.major} in {programs.folder}",
        f"backups:  in {folder}, {free / 1e6:,.0f} MB free, proved {proof}",
        f"schema:   may make tables {'yes' if rights.may_create_table else 'no'},"
        f" schemas {'yes' if rights.may_create_schema else 'no'}",
    ]


def _row(found: Backup) -> tuple[object, ...]:
    size = None if found.size_bytes is None else f"{found.size_bytes / 1e6:,.1f} MB"
    begun = f"{found.started_at:%Y-%m-%d %H:%M:%S}"
    there = found.file_name if Path(found.file_name).exists() else f"{found.file_name} (not here)"
    return found.backup_id, begun, found.status, found.verified_by, size, there, found.error_message
