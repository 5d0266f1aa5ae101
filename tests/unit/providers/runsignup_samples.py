"""The sample race of RunSignUp, read as the hub reads it. The samples are hand-made; their people are invented."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from project88.providers.contract import Page
from project88.records.entities import Problem
from project88.wire.messages import Response

SAMPLES = Path(__file__).parents[2] / "samples" / "runsignup"


def answer(body: bytes | object, status: int = 200, **headers: str) -> Response:
    """Bytes are the body itself, anything else is written as JSON. Underscores in names of headers stand for dashes."""
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(
        status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=written
    )


def sample(name: str) -> Response:
    return answer((SAMPLES / f"{name}.json").read_bytes())


def read(
    name: str, reader: Callable[[Response, int], Page], decode: Callable[[Sequence[Any]], Iterable[Any]]
) -> list[Any]:
    """Records and problems of a sample, one after the other."""
    return flat(decode(reader(sample(name), 1).rows))


def flat(given: Iterable[Any]) -> list[Any]:
    return [record for each in given for record in ((each,) if isinstance(each, Problem) else each)]


def raws(*rows: object) -> list[msgspec.Raw]:
    return [msgspec.Raw(row if isinstance(row, bytes) else json.dumps(row).encode()) for row in rows]


def only(given: Iterable[Any]) -> Any:
    (record,) = flat(given)
    return record
