"""A list of a service as it is shown to people: where it stands and what is read of a row. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    name: str
    path: str
    fields: tuple[str, ...]


def fields_read(row: type[msgspec.Struct]) -> tuple[str, ...]:
    """The fields of a row; those of its parts behind a dot."""
    return tuple(_names(row))


def _names(row: type[msgspec.Struct]) -> Iterator[str]:
    for field in msgspec.structs.fields(row):
        parts = list(_parts(field.type))
        yield from (f"{field.name}.{name}" for part in parts for name in _names(part))
        if not parts:
            yield field.name


def _parts(annotation: Any) -> Iterator[type[msgspec.Struct]]:  # noqa: ANN401
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        yield annotation
    for inner in get_args(annotation):
        yield from _parts(inner)
