"""Which rows an answer of RunSignUp holds, and where the next page begins."""

from __future__ import annotations

import json

import pytest

from project88.errors import Permanent, ProviderError
from project88.providers.contract import Page
from project88.providers.runsignup import pages
from project88.wire.messages import Response
from project88.wire.paging import PageFacts
from tests.unit.providers.runsignup_samples import answer, raws, sample


def ids(page: Page) -> list[object]:
    return [json.loads(bytes(row)).get("registration_id") for row in page.rows]


def page_of(*rows: object) -> Page:
    facts = PageFacts(number=1, rows=len(rows), row_count=None, page_count=None, digest=b"")
    return Page(facts=facts, rows=raws(*rows))


def of_set(**fields: object) -> Response:
    return answer({"individual_results_sets": [{"individual_result_set_id": 9101, **fields}]})


def test_the_list_of_races_says_nothing_of_its_length() -> None:
    page = pages.races(sample("races"), 3)

    assert (page.facts.number, page.facts.rows, page.facts.row_count, page.facts.page_count) == (3, 5, None, None)
    assert pages.races(answer({"races": []}), 4).facts.rows == 0


@pytest.mark.parametrize("body", [{}, {"races": None}, {"races": ""}, {"races": {}}, {"events": []}, []])
def test_no_list_of_races_is_never_an_empty_one(body: object) -> None:
    with pytest.raises(Permanent):
        pages.races(answer(body), 1)


def test_the_events_of_a_race_come_in_one_answer_each_with_the_zone_of_the_race() -> None:
    page = pages.events_of_race(sample("race"), 1)

    assert (page.facts.rows, page.facts.page_count) == (5, 1)
    assert {json.loads(bytes(row))["timezone"] for row in page.rows} == {"America/Chicago"}
    assert json.loads(bytes(page.rows[0]))["event"]["event_id"] == 4901


@pytest.mark.parametrize("body", [{}, {"race": None}, {"race": []}, {"race": {}}, {"race": {"events": 5}}, []])
def test_a_race_without_a_list_of_events_breaks_the_contract(body: object) -> None:
    with pytest.raises(Permanent):
        pages.events_of_race(answer(body), 1)


def test_entries_come_out_of_every_element_beside_the_event() -> None:
    assert ids(pages.people(sample("participants"), 1)) == [9001, "9004", 9002.0, 9003, None, 9005]


def test_removed_entries_come_out_of_the_event() -> None:
    assert ids(pages.people(sample("removed_participants"), 1)) == [8801, "8802", 8803, None]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([], []),
        ([{"event": {"event_id": 1, "participants": []}}], []),
        ([{"event": {"event_id": 1}, "participants": None}], []),
        ([{"event": {"participants": None}, "participants": []}], []),
        ([{"event": [], "participants": [{"registration_id": 1}]}], [1]),
        ([{"event": None, "participants": [{"registration_id": 1}]}], [1]),
        ([{"participants": [{"registration_id": 1}]}, {"participants": [{"registration_id": 2}]}], [1, 2]),
        ({"event": {"event_id": 1, "participants": []}, "participants": [{"registration_id": 1}]}, [1]),
        ({"event": {"event_id": 1, "participants": [{"registration_id": 1}]}}, [1]),
    ],
)
def test_a_list_and_an_object_are_both_taken(body: object, expected: list[int]) -> None:
    assert expected == ids(pages.people(answer(body), 1))


@pytest.mark.parametrize(
    "body",
    [
        {}, {"races": []}, [{}], [{"races": []}], [None], [[]], [7], [{"event": 5}], [{"event": "none"}],
        {"participants": {"registration_id": 1}}, [{"participants": "none"}], [{"event": {"participants": 5}}],
    ],
)  # fmt: skip
def test_another_shape_is_never_an_empty_page_of_entries(body: object) -> None:
    with pytest.raises(Permanent):
        pages.people(answer(body), 1)


def test_half_of_an_emoji_does_not_cost_the_page() -> None:
    body = b'{"event": [], "participants": [{"registration_id": 1, "user": {"first_name": "Ada \\ud83d"}}]}'

    assert ids(pages.people(answer(body), 1)) == [1]


def test_the_next_page_begins_behind_the_highest_registration_of_all_events() -> None:
    page = page_of(
        {"registration_id": 12, "event_id": 1}, {"registration_id": "30", "event_id": 2}, {"registration_id": 20}
    )

    assert pages.after(3, page, 0) == {"after_registration_id": "30"}


def test_a_page_larger_than_asked_for_is_counted_by_event_and_no_row_behind_it_is_lost() -> None:
    """Two rows of each event were asked for. That of event 1 ends at 5, so 6 and more of it are still to come."""
    page = page_of(
        {"registration_id": 3, "event_id": 1},
        {"registration_id": 5, "event_id": 1},
        {"registration_id": 90, "event_id": 2},
        {"registration_id": 95, "event_id": 2},
    )

    assert pages.after(2, page, 0) == {"after_registration_id": "5"}


def test_rows_that_cannot_be_read_are_passed_over_where_the_next_page_begins() -> None:
    page = page_of(
        {"registration_id": 12}, {"registration_id": None}, {"registration_id": [9]}, b"7", {"registration_id": "x"}
    )

    assert pages.after(50, page, 0) == {"after_registration_id": "12"}


def test_a_page_that_does_not_say_where_the_next_one_begins_is_no_end() -> None:
    with pytest.raises(Permanent, match="registration_id"):
        pages.after(2, page_of({"event_id": 1}, {"registration_id": ""}), 0)


@pytest.mark.parametrize("body", [{"individual_results_sets": []}, {"individual_results_sets": None}])
def test_an_event_without_sets_has_no_results_yet(body: object) -> None:
    assert (
        pages.result_sets({301})(answer(body), 1).facts
        == pages.result_sets({301})(answer({"error": {"error_code": 301}}), 1).facts
    )
    assert pages.result_sets({301})(answer(body), 1).facts.page_count == 1


@pytest.mark.parametrize("body", [{}, [], {"individual_results_sets": {}}, {"individual_result_sets": []}])
def test_another_shape_is_never_an_event_without_sets(body: object) -> None:
    with pytest.raises(Permanent):
        pages.result_sets({301})(answer(body), 1)


@pytest.mark.parametrize("key", ["result_set_splits", "splits", "anything"])
def test_splits_are_the_only_list_of_their_answer(key: str) -> None:
    rows = [{"split_id": 1}, {"split_id": 2}]

    assert [json.loads(bytes(row)) for row in pages.splits(())(answer({"set": 7, key: rows}), 1).rows] == rows
    for nothing in ([], None, "", {}):
        assert pages.splits(())(answer({key: nothing}), 1).rows == []


@pytest.mark.parametrize("body", [{"a": [], "b": []}, {"a": {"b": []}}, {"message": "none"}, []])
def test_an_answer_in_which_no_one_list_is_found_gives_no_splits(body: object) -> None:
    with pytest.raises(Permanent):
        pages.splits(())(answer(body), 1)


def test_each_result_comes_with_its_registration_and_the_headers_that_are_read() -> None:
    first, second, *_ = pages.results("9101")(sample("results"), 1).rows
    headers = {
        "gender": "Gender", "split-71": "7 km", "split-72": "3 km", "split-79": "Bridge", "division-31": "M40-49",
        "division-32": "Masters", "gender_place": "Gender Place",
    }  # fmt: skip

    assert {name: json.loads(bytes(first))[name] for name in ("registration_id", "headers")} == {
        "registration_id": 9001,
        "headers": headers,
    }
    assert json.loads(bytes(second))["registration_id"] is None
    assert json.loads(bytes(second))["result"]["bib"] == "A8"


@pytest.mark.parametrize("ids", [[], None])
def test_a_set_without_registrations_still_has_its_results(ids: object) -> None:
    (row,) = pages.results("9101")(of_set(results=[{"result_id": 1}], registration_ids=ids, results_headers=[]), 1).rows

    assert json.loads(bytes(row)) == {"registration_id": None, "headers": {}, "result": {"result_id": 1}}


@pytest.mark.parametrize("ids", [[1], [1, 2, 3]])
def test_registrations_that_are_not_parallel_to_the_results_give_nobody_the_result_of_somebody_else(
    ids: object,
) -> None:
    with pytest.raises(Permanent, match="differ in length"):
        pages.results("9101")(of_set(results=[{"result_id": 1}, {"result_id": 2}], registration_ids=ids), 1)


def test_another_set_than_the_one_asked_for_is_refused() -> None:
    with pytest.raises(Permanent, match="another result set"):
        pages.results("9102")(sample("results"), 1)


@pytest.mark.parametrize("body", [{"individual_results_sets": []}, {"individual_results_sets": None}])
def test_behind_the_last_page_there_is_no_set(body: object) -> None:
    assert pages.results("9101")(answer(body), 2).rows == []
    assert pages.results("9101")(of_set(results=[]), 2).rows == []
    assert pages.results("9101")(of_set(results=None), 2).rows == []


@pytest.mark.parametrize("fields", [{}, {"results": {}}, {"results": "none"}, {"results": [], "registration_ids": {}}])
def test_a_set_without_a_list_of_results_breaks_the_contract(fields: dict[str, object]) -> None:
    with pytest.raises(Permanent):
        pages.results("9101")(of_set(**fields), 1)


def test_headers_that_are_no_text_say_nothing_and_cost_nothing() -> None:
    headers = {"division-1": {"label": "M40"}, "division-2": None, "division-3": 7, "gender_place": ["x"]}
    (row,) = pages.results("9101")(of_set(results=[{"result_id": 1}], results_headers=headers), 1).rows

    assert json.loads(bytes(row))["headers"] == dict.fromkeys(headers, "")


def test_text_that_is_no_utf_8_costs_a_label_or_a_row_and_elsewhere_is_an_error_of_ours() -> None:
    def with_set(fields: bytes) -> Response:
        return answer(b'{"individual_results_sets": [{"individual_result_set_id": 9101, ' + fields + b"}]}")

    rows = pages.results("9101")(
        with_set(b'"results": [{"bib": "\xff"}], "results_headers": {"division-1": "\xff"}'), 1
    ).rows

    assert len(rows) == 1
    with pytest.raises(Permanent):
        pages.results("9101")(with_set(b'"results": [], "results_headers": {"\xff": "M40"}'), 1)
    with pytest.raises(Permanent):
        pages.results("9101")(
            answer(b'{"individual_results_sets": [{"individual_result_set_id": "\xff", "results": []}]}'), 1
        )


def test_equal_pages_have_equal_digests_and_a_changed_header_is_a_change() -> None:
    def digest(label: str) -> bytes:
        body = of_set(results=[{"result_id": 1}], results_headers={"division-1": label})
        return pages.results("9101")(body, 1).facts.digest

    assert digest("M40") == digest("M40")
    assert digest("M40") != digest("M50")


def test_json_nested_without_end_breaks_the_contract() -> None:
    with pytest.raises(ProviderError):
        pages.races(answer(b'{"races":' + b"[" * 100_000 + b"]" * 100_000 + b"}"), 1)
