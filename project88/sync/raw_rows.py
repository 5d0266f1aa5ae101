"""The rows of a list as they came, compressed while they pass. Knows nothing of what they say; stores nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from project88.edges.compression import compressed, decompressed
from project88.errors import StoreError
from project88.providers.raw_rows import RawRow

CHUNK_BYTES = 1024 * 1024

_rows = msgspec.json.Decoder(list[msgspec.Raw])


class RawRows:
    """Append rows in portions, then take the chunks. Half a million rows of JSON take 20 MB of memory."""

    def __init__(self) -> None:
        self.rows = 0
        self._chunks: list[bytes] = []
        self._pending: list[bytes] = []
        self._pending_bytes = 0

    def append(self, rows: Sequence[RawRow]) -> None:
        if not rows:
            return
        self.rows += len(rows)
        part = b",".join(rows)
        self._pending.append(part)
        self._pending_bytes += len(part)
        if self._pending_bytes >= CHUNK_BYTES:
            self._close_chunk()

    def chunks(self) -> list[bytes]:
        self._close_chunk()
        return self._chunks

    def _close_chunk(self) -> None:
        if self._pending:
            self._chunks.append(compressed(b"[" + b",".join(self._pending) + b"]"))
            self._pending, self._pending_bytes = [], 0


def rows_of(chunks: Sequence[bytes]) -> Iterator[list[msgspec.Raw]]:
    """The rows again, chunk by chunk. Raises StoreError for a chunk that is damaged."""
    for chunk in chunks:
        try:
            yield _rows.decode(decompressed(chunk))
        except (ValueError, msgspec.MsgspecError) as error:
            raise StoreError(f"the raw archive is damaged: {error}") from error
