"""Byte strings in order that live on disk once they grow. Knows nothing of what it holds."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from types import TracebackType

MEMORY_BYTES = 4 * 1024 * 1024


class Spool:
    """Append byte strings, then read them by their number as often as needed."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115 - closed by __exit__
        self._borders = [0]

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def append(self, data: bytes) -> None:
        self._file.seek(0, os.SEEK_END)
        self._file.write(data)
        self._borders.append(self._borders[-1] + len(data))

    def __iter__(self) -> Iterator[bytes]:
        return (self[number] for number in range(len(self)))

    def __len__(self) -> int:
        return len(self._borders) - 1

    def __getitem__(self, number: int) -> bytes:
        start, end = self._borders[number : number + 2]
        self._file.seek(start)
        return self._file.read(end - start)
