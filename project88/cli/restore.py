"""``project88 restore``: a backup back into an empty database, compared with what it held. Makes no backup."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from project88.cli.asking import Yes, make_sure
from project88.cli.common import ADMIN_DATABASE, hub_url, run
from project88.errors import EXIT_FAILED, HubError, StoreError, UsageError

if TYPE_CHECKING:
    from project88.edges.backup_files import Manifest
    from project88.store.connection import Database

Source = Annotated[Path | None, typer.Argument(help="The backup: a file, or a folder of one.", metavar="FILE")]
Into = Annotated[str | None, typer.Option("--into", help="The database: its name, or an address.", metavar="DB")]


def restore(
    source: Source = None,
    into: Into = None,
    replace: Annotated[bool, typer.Option("--replace", help="Drop what the database holds.")] = False,
    yes: Yes = False,
    list_: Annotated[bool, typer.Option("--list", help="Show the backups that were made.")] = False,
) -> None:
    """Put a backup into an empty database, and compare every table's rows with what the backup held.

    A NAME is a database on the hub's own server. It is made where it does not exist. With --replace a full one is
    dropped, but only when the restored one is complete. Nothing stays of a restore that fails.

    Example: project88 restore before.dump --into project88_restored
    """
    from project88.cli.backup import show_backups

    if list_:
        run(show_backups())
    elif source is None or into is None:
        raise UsageError(
            "give the FILE of the backup and --into NAME, a database that is empty or does not exist yet;"
            " project88 restore --list shows the backups. To put one in the place of the hub's database, stop the"
            " scheduler and add --replace"
        )
    else:
        run(_restore(source.absolute(), into, replace, yes))


async def _restore(source: Path, into: str, replace: bool, yes: bool) -> None:
    from project88.edges.backup_files import format_of
    from project88.store.addresses import database_name, with_database
    from project88.store.backups import clients_of
    from project88.store.connection import Database

    format_of(source)
    manifest = _checked_manifest(source)
    conninfo = into if "://" in into or "=" in into else with_database(await hub_url(), into)
    name = database_name(conninfo)
    if name is None:
        raise UsageError("the address given by --into names no database")
    async with Database.open(with_database(conninfo, ADMIN_DATABASE), pool_size=2) as admin:
        clients = await clients_of(admin, name)
        is_full = await _is_full(admin, conninfo, name)
        if is_full:
            _allow_replacing(name, clients, replace, yes)
        rows = await _fill(admin, conninfo, name, source, manifest, is_full)
    await _tell_the_end(conninfo, name, rows, manifest)


async def _fill(
    admin: Database, conninfo: str, name: str, source: Path, manifest: Manifest | None, is_full: bool
) -> int:
    """Restore into the database, or beside a full one that then gives it its place. Undoes itself where it fails."""
    from project88.cli.copies import put_back, tell
    from project88.edges import dumps
    from project88.edges.backup_files import format_of
    from project88.store import backups
    from project88.store.addresses import with_database

    programs = await dumps.programs_for((await backups.rights(admin)).major)
    filled = f"{name}_restoring_{secrets.token_hex(4)}" if is_full else name
    made = is_full or not await backups.database_exists(admin, name)
    if made:
        await backups.make_database(admin, filled)
    tell(f"restoring {source} into {name}")
    try:
        expected = manifest.rows if manifest else None
        rows = await put_back(admin, programs, with_database(conninfo, filled), source, format_of(source), expected)
        if is_full:
            await backups.replace_database(admin, name, filled)
    except HubError:
        if made:
            await backups.drop_database(admin, filled)
        raise
    return rows


def _checked_manifest(source: Path) -> Manifest | None:
    """What must come out; None where nothing is known of it. Raises StoreError where the file is another one."""
    from project88.edges.backup_files import fingerprint, read_manifest

    manifest = read_manifest(source)
    if manifest is not None and fingerprint(source) != (manifest.size_bytes, manifest.sha256):
        raise StoreError(f"{source} is damaged: its checksum is not the one of {manifest.finished_at:%Y-%m-%d %H:%M}")
    return manifest


async def _is_full(admin: Database, conninfo: str, name: str) -> bool:
    from project88.store.backups import database_exists
    from project88.store.connection import Database

    if not await database_exists(admin, name):
        return False
    async with Database.open(conninfo, pool_size=1) as target:
        return not await target.is_empty()


def _allow_replacing(name: str, clients: int, replace: bool, yes: bool) -> None:
    if not replace:
        raise UsageError(f"the database {name} is not empty; name another one, or add --replace to drop what it holds")
    if clients:
        raise StoreError(f"{clients} programs are connected to {name}; stop the scheduler and the others first")
    make_sure(f"Everything in the database {name} will be dropped for the backup. Go on?", yes)


async def _tell_the_end(conninfo: str, name: str, rows: int, manifest: Manifest | None) -> None:
    """Exits 1 where the restored schema lacks something."""
    from project88.edges.sealing import key_file
    from project88.store.backups import problems
    from project88.store.connection import Database

    async with Database.open(conninfo, pool_size=1) as restored:
        lacking = await problems(restored)
    compared = "each table as the backup held it" if manifest else "not compared: no FILE.json stands beside the backup"
    typer.echo(f"restored into {name}: {rows:,} rows, {compared}")
    typer.echo(f"sealed secrets need the key of that time: it belongs to {key_file()}")
    typer.echo("next: project88 db migrate on that database, which brings roles and later changes of the schema")
    for each in lacking:
        typer.echo(f"problem: {each}", err=True)
    if lacking:
        raise typer.Exit(EXIT_FAILED)
