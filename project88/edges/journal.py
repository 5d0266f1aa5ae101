"""An append-only journal on the local disk: what it has confirmed survives a power cut. Knows nothing of what it holds.

Every line carries a checksum. What is appended is confirmed once the file has been through fdatasync; lines that come
while one runs share the next one. Old segments go once their reader has released them.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import uuid
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from project88.errors import ConfigError

log = logging.getLogger(__name__)

SEGMENT_BYTES = 16 * 1024 * 1024
CHECKSUM_WIDTH = 8
#: What may wait for the disk before whoever appends has to wait.
WAITING_BYTES = 8 * 1024 * 1024
RETRY_SECONDS = 1.0
ID_NAME = "journal-id"
DAMAGED_NAME = "damaged-lines"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Before the next line: the number of a segment and a byte in it."""

    segment: int
    offset: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines that were read, without their checksums, and where the next ones begin."""

    lines: Sequence[bytes]
    end: Position


class Journal:
    """One process appends and reads. ``confirmed`` is up to where all is on the disk."""

    def __init__(self, folder: Path, journal_id: str, segments: list[int]) -> None:
        self.journal_id = journal_id
        self._folder = folder
        self._segments = segments
        self._file = -1
        self._size = 0
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._appended = asyncio.Event()
        self._turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        #: Why the disk takes nothing; None while it does.
        self.problem: str | None = None
        self.confirmed = Position(0, 0)
        #: Set whenever more is confirmed.
        self.grew = asyncio.Event()

    async def append(self, lines: Sequence[bytes]) -> None:
        """Returns once the lines, which hold no line break, are on the disk; waits as long as that takes."""
        while self._waiting_bytes > WAITING_BYTES:
            await asyncio.shield(self._turn)
        framed = b"".join(map(_framed, lines))
        self._waiting.append(framed)
        self._waiting_bytes += len(framed)
        self._appended.set()
        await asyncio.shield(self._turn)

    async def write_until(self, stop: asyncio.Event) -> None:
        """Put on the disk what is appended, all that waits at a time, until ``stop`` is set and nothing waits."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not (stop.is_set() and not self._waiting):
                appended = asyncio.create_task(self._appended.wait())
                await asyncio.wait({appended, stopping}, return_when=asyncio.FIRST_COMPLETED)
                appended.cancel()
                if self._waiting:
                    await self._write_what_waits()
        finally:
            stopping.cancel()

    def begin(self) -> Position:
        """The first line that is still there."""
        return Position(self._segments[0], 0)

    def depth_bytes(self, position: Position) -> int:
        """How much is confirmed behind a position."""
        sizes = (self._size_of(segment) for segment in self._segments if segment >= position.segment)
        return max(0, sum(sizes) - position.offset)

    def read(self, position: Position, most_bytes: int) -> Piece:
        """Confirmed lines from a position on; none where none is confirmed.

        A line whose checksum is wrong is logged, copied to a file of such lines, and left out.
        """
        if position >= self.confirmed:
            return Piece((), position)
        end = self.confirmed.offset if position.segment == self.confirmed.segment else None
        data = self._read_bytes(position, most_bytes if end is None else min(most_bytes, end - position.offset))
        if not data:
            following = next(segment for segment in self._segments if segment > position.segment)
            return self.read(Position(following, 0), most_bytes)
        whole = data[: data.rfind(b"\n") + 1]
        lines = [line[CHECKSUM_WIDTH + 1 :] for line in whole.splitlines() if self._is_sound(line)]
        return Piece(lines, Position(position.segment, position.offset + len(whole)))

    def release(self, position: Position) -> None:
        """Nobody reads before here any more: segments that end before it go."""
        while len(self._segments) > 1 and self._segments[0] < position.segment:
            self._path(self._segments.pop(0)).unlink(missing_ok=True)

    async def _write_what_waits(self) -> None:
        data, self._waiting = b"".join(self._waiting), []
        self._appended.clear()
        self._waiting_bytes -= len(data)
        turn, self._turn = self._turn, asyncio.get_running_loop().create_future()
        await self._write_surely(data)
        self.confirmed = Position(self._segments[-1], self._size)
        turn.set_result(None)
        self.grew.set()

    async def _write_surely(self, data: bytes) -> None:
        """Again and again while the disk is full or broken: nobody is told of success before it is one."""
        while True:
            try:
                await asyncio.to_thread(self._write, data)
            except OSError as error:
                self.problem = f"the spool {self._folder} cannot be written: {error.strerror}"
                log.error("%s; no read is taken until it can", self.problem, extra={"action": "spool_failed"})
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self.problem = None
                return

    def _write(self, data: bytes) -> None:
        if self._size >= SEGMENT_BYTES:
            self._open_segment(self._segments[-1] + 1)
        os.ftruncate(self._file, self._size)
        view = memoryview(data)
        written = 0
        while written < len(data):
            written += os.pwrite(self._file, view[written:], self._size + written)
        os.fdatasync(self._file)
        self._size += len(data)

    def _open_segment(self, number: int) -> None:
        path = self._path(number)
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        _sync_folder(self._folder)
        if self._file >= 0:
            os.close(self._file)
        self._file = opened
        self._size = 0
        if number not in self._segments:
            self._segments.append(number)

    def recover(self) -> None:
        """Open the last segment behind its last whole line; what follows was never confirmed."""
        self._open_segment(self._segments[-1] if self._segments else 1)
        data = self._path(self._segments[-1]).read_bytes()
        self._size = _sound_length(data)
        if self._size < len(data):
            log.warning("the spool ends in the middle of a line, which was not confirmed: %d bytes dropped",
                        len(data) - self._size, extra={"action": "spool_torn"})  # fmt: skip
        os.ftruncate(self._file, self._size)
        os.fdatasync(self._file)
        self.confirmed = Position(self._segments[-1], self._size)

    def close(self) -> None:
        os.close(self._file)

    def _is_sound(self, line: bytes) -> bool:
        if _is_sound(line):
            return True
        log.error("a line of the spool is damaged; it is kept in %s", DAMAGED_NAME, extra={"action": "spool_damaged"})
        with (self._folder / DAMAGED_NAME).open("ab") as kept:
            kept.write(line + b"\n")
        return False

    def _read_bytes(self, position: Position, most_bytes: int) -> bytes:
        with self._path(position.segment).open("rb") as file:
            file.seek(position.offset)
            data = file.read(most_bytes)
            while data and b"\n" not in data and (more := file.read(most_bytes)):
                data += more
            return data

    def _size_of(self, segment: int) -> int:
        return self.confirmed.offset if segment == self.confirmed.segment else self._path(segment).stat().st_size

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:08}.log"


@contextmanager
def opened_journal(folder: Path) -> Iterator[Journal]:
    """The journal in a folder of its own, for this process alone. Raises ConfigError where that cannot be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise ConfigError(f"the spool {folder} cannot be opened: {error.strerror}; name another by --spool") from error
    try:
        _lock(lock, folder)
        segments = sorted(int(path.stem) for path in folder.glob("[0-9]*.log"))
        journal = Journal(folder, _identity(folder), segments)
        journal.recover()
        try:
            yield journal
        finally:
            journal.close()
    finally:
        os.close(lock)


def _lock(folder_file: int, folder: Path) -> None:
    try:
        fcntl.flock(folder_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConfigError(f"another listener uses the spool {folder}: stop it, or name another by --spool") from None


def _identity(folder: Path) -> str:
    path = folder / ID_NAME
    if not path.exists():
        partial = path.with_suffix(".partial")
        partial.write_text(uuid.uuid4().hex, encoding="ascii")
        partial.replace(path)
        _sync_folder(folder)
    return path.read_text(encoding="ascii").strip()


def _framed(line: bytes) -> bytes:
    return b"%08x %b\n" % (zlib.crc32(line), line)


def _is_sound(line: bytes) -> bool:
    content = line[CHECKSUM_WIDTH + 1 :]
    return line[:CHECKSUM_WIDTH] == b"%08x" % zlib.crc32(content)


def _sound_length(data: bytes) -> int:
    """Up to the end of the last whole line: a write that a crash cut may have left pieces in any order."""
    end = data.rfind(b"\n") + 1
    while end:
        begin = data.rfind(b"\n", 0, end - 1) + 1
        if _is_sound(data[begin : end - 1]):
            return end
        end = begin
    return 0


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
