"""The rows that the benchmarks serve. Starts no server and no database."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from bench import pages, race

FIELD_SIZE = 240


@pytest.fixture(scope="module")
def event() -> race.Race:
    return race.build(FIELD_SIZE)


def test_a_row_stands_for_one_athlete_in_one_interval_with_26_text_fields(event: race.Race) -> None:
    keys = {(row["results_entry_id"], row["results_interval_id"]) for row in event.results}

    assert len(keys) == len(event.results)
    assert len({entry for entry, _ in keys}) == FIELD_SIZE
    assert {len(row) for row in event.results} == {26}
    assert {type(value) for row in event.results for value in row.values()} == {str}


def test_one_row_in_a_hundred_of_the_changed_race_has_other_times(event: race.Race) -> None:
    pairs = list(zip(event.results, race.changed(event.results), strict=True))
    differing = [(before, after) for before, after in pairs if before != after]

    assert len(differing) == round(len(event.results) * 0.01)
    assert all(before["results_entry_id"] == after["results_entry_id"] for before, after in differing)
    assert all(str(before["results_time"]) < str(after["results_time"]) for before, after in differing)


def test_the_reordered_race_has_the_same_rows_in_another_order(event: race.Race) -> None:
    def key(row: race.Row) -> tuple[str, str]:
        return str(row["results_entry_id"]), str(row["results_interval_id"])

    shuffled = race.reordered(event.results)

    assert shuffled != event.results
    assert sorted(shuffled, key=key) == sorted(event.results, key=key)


def test_the_repeated_race_has_as_many_rows_as_asked_and_none_twice(event: race.Race) -> None:
    count = len(event.results) * 2 + 7
    keys = {(row["results_entry_id"], row["results_interval_id"]) for row in race.repeated(event.results, count)}

    assert len(keys) == count


def test_the_prepared_pages_hold_every_row_once_and_say_so_in_their_headers(event: race.Race, tmp_path: Path) -> None:
    pages.write_data_set(tmp_path, "first", event, race.encoded(event.results), len(event.results))
    served = pages.DataSet(tmp_path, "first")
    path = f"/event/{event.event_id}/results"

    rows: list[race.Row] = []
    number = 1
    while (response := served.response(path, number)) is not None:
        head, body = bytes(response).split(b"\r\n\r\n", 1)
        assert f"X-Ctlive-Row-Count: {len(event.results)}".encode() in head
        assert f"X-Ctlive-Current-Page: {number}".encode() in head
        assert f"Content-Length: {len(body)}".encode() in head
        rows += msgspec.json.decode(body)["event_results"]
        number += 1

    assert rows == list(event.results)
    assert number - 1 == -(-len(rows) // pages.PAGE_SIZE)


def test_an_empty_list_is_one_empty_page(event: race.Race, tmp_path: Path) -> None:
    pages.write_data_set(tmp_path, "first", event, race.encoded(event.results), len(event.results))
    response = pages.DataSet(tmp_path, "first").response(f"/event/{event.event_id}/bracket", 1)

    assert response is not None
    assert bytes(response).endswith(b'\r\n\r\n{"event_bracket":[]}')
    assert b"X-Ctlive-Row-Count: 0\r\n" in bytes(response)
