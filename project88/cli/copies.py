"""Making, proving and putting back copies of a database: what backup and restore share. Asks nobody."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from project88.edges import backup_files, clock, dumps
from project88.edges.backup_files import Format, Manifest
from project88.edges.dumps import Programs
from project88.errors import HubError, StoreError
from project88.store import backups
from project88.store.addresses import address, with_database
from project88.store.connection import Database

DIFFERENCES_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Copying:
    """A database that is open, with what is needed to copy it."""

    db: Database
    conninfo: str
    database: str
    programs: list[Programs]
    rights: backups.Rights


def tell(text: str) -> None:
    """Progress goes beside the output."""
    typer.echo(text, err=True)


async def copying(db: Database, conninfo: str) -> Copying:
    rights = await backups.rights(db)
    programs = await dumps.programs_for(rights.major)
    return Copying(db=db, conninfo=conninfo, database=await db.name(), programs=programs, rights=rights)


async def make_copy(work: Copying, target: Path, form: Format) -> Manifest:
    """A dump of the whole database that was read back, under its name. Notes it in the database, or why it failed.

    The state is taken before the row of the backup is begun, so that no copy holds its own row, half done.
    """
    async with backups.only_backup(work.db), backups.snapshot(work.db) as state:
        backup_id = await backups.begin(work.db, str(target))
        try:
            with backup_files.in_the_making(target, form) as partial:
                manifest = await _written(work, state, partial, form)
                backup_files.finish(partial, target, manifest)
        except (HubError, asyncio.CancelledError) as error:
            await backups.fail(work.db, backup_id, str(error) or "it was interrupted")
            raise
        await backups.complete(work.db, backup_id, manifest.size_bytes, manifest.sha256, manifest.verified_by)
    return manifest


async def put_back(
    db: Database, fit: Sequence[Programs], conninfo: str, source: Path, form: Format, rows: Mapping[str, int] | None
) -> int:
    """Fill an empty database from a dump and count its rows. Raises StoreError where they are not those of ``rows``.

    ``db`` is any database of the same server. What roles may do is left to database/roles.sql.
    """
    place = address(conninfo)
    policies = await backups.has_reader(db)
    await dumps.restore(fit, place.variables, place.argument, source, form, policies, tell)
    async with Database.open(conninfo, pool_size=1) as restored:
        found = await backups.row_counts(restored)
        await backups.analyze(restored)
    if rows is not None and found != rows:
        raise StoreError(f"what came out of {source} is not what went in: {_differences(rows, found)}")
    return sum(found.values())


async def _written(work: Copying, state: backups.Snapshot, partial: Path, form: Format) -> Manifest:
    """Dump into ``partial``, prove it, and say what it holds."""
    started_at = clock.utc_now()
    rows = await state.rows()
    await dumps.dump(work.programs[0], address(work.conninfo).variables, state.name, form, partial, tell)
    backup_files.flush(partial)
    verified_by = await _proven(work, partial, form, rows)
    size, sha256 = backup_files.fingerprint(partial)
    return Manifest(
        database=work.database,
        server=await work.db.server_version(),
        format=form,
        started_at=started_at,
        finished_at=clock.utc_now(),
        size_bytes=size,
        sha256=sha256,
        verified_by=verified_by,
        rows=rows,
    )


async def _proven(work: Copying, source: Path, form: Format, rows: Mapping[str, int]) -> backups.VerifiedBy:
    """Restore it beside the original where we may; else at least read it to its end."""
    if not work.rights.may_create_database:
        await dumps.read_to_end(work.programs[0], source, form)
        return "reading"
    # One name for each database, so that what a killed backup left is found.
    name = f"project88_proof_{hashlib.sha256(work.database.encode()).hexdigest()[:12]}"
    async with backups.scratch_database(work.db, name):
        await put_back(work.db, work.programs, with_database(work.conninfo, name), source, form, rows)
    return "restore"


def _differences(expected: Mapping[str, int], found: Mapping[str, int]) -> str:
    tables = [name for name in sorted({*expected, *found}) if expected.get(name) != found.get(name)]
    shown = [f"{name} {found.get(name, 'none')} of {expected.get(name, 'none')} rows" for name in tables]
    more = [f"{len(tables) - DIFFERENCES_SHOWN} more tables"] if len(tables) > DIFFERENCES_SHOWN else []
    return ", ".join([*shown[:DIFFERENCES_SHOWN], *more])
