"""The sample event: two races, three intervals, seven brackets. Invented people."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from project88.providers.chronotrack_live import decode
from project88.providers.chronotrack_live.course import LiveCourse

SAMPLES = Path(__file__).parents[2] / "samples" / "chronotrack_live"
RawRows = Callable[[str], list[msgspec.Raw]]


def read_rows(name: str) -> list[msgspec.Raw]:
    pages = msgspec.json.decode((SAMPLES / f"{name}.json").read_bytes(), type=dict[str, list[msgspec.Raw]])
    (rows,) = pages.values()
    return rows


@pytest.fixture
def sample() -> RawRows:
    return read_rows


@pytest.fixture
def course() -> LiveCourse:
    def whole(given: Iterable[Any]) -> list[Any]:
        return [record for records in given for record in records]

    return decode.course_of(
        {
            "races": whole(decode.races(read_rows("races"))),
            "intervals": whole(decode.intervals(read_rows("intervals"))),
            "brackets": whole(decode.brackets(read_rows("brackets"))),
        }
    )
