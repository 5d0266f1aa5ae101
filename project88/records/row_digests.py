"""What tells the rows of a list apart and whose each one is: two numbers per row. Knows no field of any row. Pure."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec import Raw
from xxhash import xxh3_64_intdigest

#: The owner of a row that gave no record.
NOBODY = 0

Numbers = array  # of 64 bits, unsigned


def numbers(values: Iterable[int] = ()) -> Numbers[int]:
    return array("Q", values)


def row_digests(rows: Iterable[bytes | Raw]) -> list[int]:
    """The digest of each row as it came."""
    return list(map(xxh3_64_intdigest, rows))


def owner(race_id: str, entry_id: str) -> int:
    """An athlete of a race as a number. Two of an event share one once in 10^10 events."""
    return xxh3_64_intdigest(f"{race_id}/{entry_id}".encode()) or 1


@dataclass(frozen=True, slots=True)
class RowDigests:
    """The rows of a list in the order they were read: the digest of each, and its owner."""

    digests: Numbers[int] = field(default_factory=numbers)
    owners: Numbers[int] = field(default_factory=numbers)

    def __len__(self) -> int:
        return len(self.digests)

    @property
    def owned(self) -> int:
        """How many rows gave a record."""
        return len(self.owners) - self.owners.count(NOBODY)

    def to_bytes(self) -> bytes:
        return b"".join(map(_little_endian, (self.digests, self.owners)))

    @classmethod
    def from_bytes(cls, data: bytes) -> RowDigests:
        half = len(data) // 2
        view = memoryview(data)
        found = cls()
        found.digests.frombytes(view[:half])
        found.owners.frombytes(view[half:])
        return cls(_little_endian(found.digests), _little_endian(found.owners))


def _little_endian(values: Numbers[int]) -> Numbers[int]:
    """The same numbers as they lie in the database; again the other way round."""
    if sys.byteorder == "little":
        return values
    swapped = values[:]
    swapped.byteswap()
    return swapped
