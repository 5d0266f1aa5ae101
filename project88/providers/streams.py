"""What the adapter of a source declares to people: its lists, what is read of a row, its settings. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, cast, get_args

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One list or call of a service."""

    name: str
    path: str
    fields: tuple[str, ...]


class Declared(Protocol):
    """The module ``declared`` of a provider."""

    def streams(self) -> list[Stream]: ...
    def settings(self) -> dict[str, Any]:
        """The keys of additional_config with their defaults."""


def declared(key: str) -> Declared:
    """Of a provider of the catalogue."""
    return cast(Declared, import_module(f"project88.providers.{key}.declared"))


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
