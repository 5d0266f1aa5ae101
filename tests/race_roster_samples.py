"""Hand-made answers of Race Roster, and how tests take them apart. Their people are invented."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from project88.providers.race_roster import RaceRosterAdapter
from project88.providers.race_roster.settings import Settings, read_settings
from project88.records.entities import Problem
from project88.wire.messages import Response

SAMPLES = Path(__file__).parent / "samples" / "race_roster"
PRINCIPAL = "timer@partner.example"
PASSWORD = "tulip mania & 1637%"
CLIENT = {"client_id": "an-id", "client_secret": "south-sea-1720"}


def answer(name: str) -> Response:
    return Response(status=200, headers={}, body=(SAMPLES / f"{name}.json").read_bytes())


def rows_of(name: str) -> list[msgspec.Raw]:
    """The rows of a sample that is a list."""
    return msgspec.json.decode(
        msgspec.json.decode(answer(name).body, type=dict[str, msgspec.Raw])["data"], type=list[msgspec.Raw]
    )


def raws(*rows: object) -> list[msgspec.Raw]:
    return [msgspec.Raw(row if isinstance(row, bytes) else json.dumps(row).encode()) for row in rows]


def flat(given: Iterable[Any]) -> list[Any]:
    """The records and problems of rows one after the other."""
    return [record for each in given for record in ((each,) if isinstance(each, Problem) else each)]


def only(given: Iterable[Any]) -> Any:
    (record,) = flat(given)
    return record


def configured(**config: Any) -> Settings:
    return read_settings({**CLIENT, **config})


def adapter(**config: Any) -> RaceRosterAdapter:
    return RaceRosterAdapter(PRINCIPAL, PASSWORD, {**CLIENT, **config})
