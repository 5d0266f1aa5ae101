"""psql by hand and the program build the identical database, and either may come first."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest

from project88.edges.embedded.binaries import candidates
from project88.store.connection import Database
from project88.store.migrate import DATABASE_FOLDER, migrate, read_manifest, status

INSTALL = DATABASE_FOLDER / "install.sql"


def program(name: str) -> str:
    """psql or pg_dump from the folder of the server's programs, or from PATH."""
    named = os.environ.get("PROJECT88_TEST_PG_BIN")
    for folder in candidates(Path(named) if named else None):
        if (folder / name).exists():
            return str(folder / name)
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on this machine")
    return found


def install_with_psql(url: str) -> subprocess.CompletedProcess[str]:
    """What a DBA types, and from another folder than the checkout's."""
    command = [program("psql"), "-X", "-q", "-d", url, "-f", str(INSTALL)]
    return subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)


def catalogue(url: str) -> list[str]:
    """The whole schema as text, and the rows that the files bring."""
    command = [program("pg_dump"), "--schema-only", "-d", url]
    dump = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # Newer versions of pg_dump guard their text with a random word.
    lines = [line for line in dump.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]
    with psycopg.connect(url) as connection:
        providers = connection.execute("select provider_id, name, key, description from providers order by 1")
        files = connection.execute("select name from applied_migrations order by 1")
        return [*lines, *map(str, providers), *map(str, files)]


async def test_psql_and_the_program_build_the_identical_catalogue(
    empty_database_url: str, database_without_roles_url: str
):
    installed = install_with_psql(empty_database_url)

    assert installed.returncode == 0, installed.stderr
    assert len(catalogue(database_without_roles_url)) > 500
    assert catalogue(empty_database_url) == catalogue(database_without_roles_url)


async def test_psql_may_run_again_and_over_the_programs_work(database_without_roles_url: str):
    before = catalogue(database_without_roles_url)

    for _ in range(2):
        assert install_with_psql(database_without_roles_url).returncode == 0
    assert catalogue(database_without_roles_url) == before


async def test_the_program_accepts_what_psql_installed_and_seals_it(empty_database_url: str):
    install_with_psql(empty_database_url)
    before = catalogue(empty_database_url)
    async with Database.open(empty_database_url) as db:
        states = {found.state for found in await status(db)}
        is_missing = {found.is_missing for found in await status(db)}
        applied = await migrate(db)
        sealed = {found.state for found in await status(db)}

    assert (states, is_missing) == ({"applied by psql"}, {False})
    assert applied == [migration.name for migration in read_manifest()]
    assert sealed == {"applied"}
    assert catalogue(empty_database_url) == before


async def test_psql_fails_aloud_and_leaves_nothing_when_a_file_fails(empty_database_url: str):
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("create view ct_results as select 1 as stands_in_the_way")
        installed = install_with_psql(empty_database_url)

        assert installed.returncode == 3
        assert connection.execute("select to_regclass('applied_migrations')").fetchone() == (None,)
