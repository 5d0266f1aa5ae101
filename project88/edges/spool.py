"""A queue of byte strings that lives on disk once it grows. Knows nothing of what it holds."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterator
from types import TracebackType

MEMORY_BYTES = 4 * 1024 * 1024
_length = struct.Struct(">Q")


class Spool:
    """Append byte strings, then read them back in order, once."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115 - closed by __exit__

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def append(self, data: bytes) -> None:
        self._file.write(_length.pack(len(data)))
        self._file.write(data)

    def drain(self) -> Iterator[bytes]:
        """Every string in order; the spool is empty afterwards."""
        self._file.seek(0)
        while head := self._file.read(_length.size):
            yield self._file.read(_length.unpack(head)[0])
        self._file.seek(0)
        self._file.truncate()
