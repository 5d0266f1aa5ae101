"""What an answer of Race Roster means, by status and body."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project88.errors import CredentialsRefused, Gone, HubError, Permanent, ProviderError, Throttled, Transient
from project88.providers.contract import Page
from project88.providers.race_roster import responses
from project88.wire.messages import Response

READERS: tuple[Callable[[Response, int], Page], ...] = (
    responses.read_page,
    responses.read_results(1000),
    responses.read_event,
    responses.read_public_event,
)
every_reader = pytest.mark.parametrize("read", READERS)


def answer(body: bytes = b"", status: int = 200) -> Response:
    return Response(status=status, headers={}, body=body)


def as_json(body: Any) -> Response:
    return answer(json.dumps(body).encode())


def refusal(response: Response) -> HubError:
    with pytest.raises(HubError) as caught:
        responses.check(response)
    return caught.value


def rows(page: Page) -> list[Any]:
    return [msgspec.json.decode(row) for row in page.rows]


@pytest.mark.parametrize("body", [b"{}", b'{"data": []}', b'{"access_token": "t"}', b'{"error": null, "data": [1]}'])
def test_a_json_object_without_an_error_passes(body: bytes) -> None:
    responses.check(answer(body))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Permanent), (401, CredentialsRefused), (404, Gone), (405, Permanent), (408, Transient), (410, Gone),
        (422, Permanent), (429, Throttled), (500, Transient), (501, Transient), (503, Transient), (204, Permanent),
        (201, Permanent), (302, Permanent),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "body", [b"", b"<html>sorry</html>", b'{"message": "so it is"}', b'{"cut', b"[1]", b'{"error": {"a": "\xff"}}']
)
def test_a_status_is_an_error_named_by_recovery_whatever_the_body(
    status: int, kind: type[HubError], body: bytes
) -> None:
    error = refusal(answer(body, status))

    assert kind is type(error)
    assert str(status) in str(error)


@pytest.mark.parametrize("body", [b"", b'{"message": "no access"}', b"{"])
def test_a_403_of_the_service_refuses_the_credentials(body: bytes) -> None:
    assert CredentialsRefused is type(refusal(answer(body, 403)))


@pytest.mark.parametrize("body", [b"<!DOCTYPE html><html>", b" \n<html>"])
def test_a_403_with_html_is_a_gateway_and_pauses_no_credential(body: bytes) -> None:
    assert Transient is type(refusal(answer(body, 403)))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"message": "the event is a draft", "error": "draft", "code": 12}, "the event is a draft"),
        ({"error": "invalid_request", "error_description": "a field is missing", "hint": "x"}, "a field is missing"),
        ({"error": "draft"}, "draft"),
        ({"error": {"message": "inside"}}, "inside"),
        ({"message": ["one", "two"]}, "['one', 'two']"),
    ],
)
def test_a_refusal_quotes_what_the_service_said(body: dict[str, Any], said: str) -> None:
    assert f"HTTP 400: {said}" == str(refusal(answer(json.dumps(body).encode(), 400)))


def test_a_long_message_is_cut() -> None:
    assert len(str(refusal(answer(json.dumps({"message": "x" * 5000}).encode(), 400)))) < 300


@pytest.mark.parametrize("word", ["invalid_grant", "invalid_client", "unauthorized_client"])
@pytest.mark.parametrize("status", [200, 400, 401])
def test_a_token_service_that_knows_no_such_login_refuses_the_credentials(word: str, status: int) -> None:
    error = refusal(answer(json.dumps({"error": word, "error_description": "no"}).encode(), status))

    assert CredentialsRefused is type(error)
    assert "client_secret" in str(error)


@pytest.mark.parametrize("said", [b"1e400", b"1" * 5000, rb'"\ud83d"'])
@pytest.mark.parametrize("status", [200, 400])
def test_an_error_that_cannot_be_read_is_still_an_error(said: bytes, status: int) -> None:
    assert Permanent is type(refusal(answer(b'{"error": ' + said + b"}", status)))


def test_an_error_inside_a_200_is_an_error() -> None:
    assert "the service reported an error: so it is" == str(refusal(as_json({"error": "so it is", "data": []})))


@every_reader
@pytest.mark.parametrize("body", [b"<html>", b"  <!DOCTYPE html>", b"", b'{"data": [', b"OK", b"\xff"])
def test_html_or_a_cut_body_may_come_whole_later(read: Callable[[Response, int], Page], body: bytes) -> None:
    with pytest.raises(Transient):
        read(answer(body), 1)


@every_reader
@pytest.mark.parametrize(
    "body",
    [
        b"[]", b"null", b"7", b"{}", b'{"data": null}', b'{"data": ""}', b'{"data": 7}', b'{"data": "none"}',
        b'{"events": []}', b'{"meta": {"totalResults": 0}}', b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)  # fmt: skip
def test_something_else_in_place_of_the_data_is_never_an_empty_list(
    read: Callable[[Response, int], Page], body: bytes
) -> None:
    with pytest.raises(Permanent):
        read(answer(body), 1)


def test_an_answer_without_data_says_why_where_the_service_does() -> None:
    with pytest.raises(Permanent, match="the answer has no data: come back tomorrow"):
        responses.read_page(as_json({"message": "come back tomorrow"}), 1)


def test_a_page_of_the_partner_api_states_no_count() -> None:
    page = responses.read_page(answer(b'{"data": [{"a": 1}, {"a" : 2}], "metadata": {"total": 9, "page": 3}}'), 3)

    assert [bytes(row) for row in page.rows] == [b'{"a": 1}', b'{"a" : 2}']
    assert (page.facts.number, page.facts.rows, page.facts.row_count, page.facts.page_count) == (3, 2, None, None)


def test_a_page_that_differs_in_its_metadata_only_is_the_same_page() -> None:
    one = responses.read_page(as_json({"data": [1], "metadata": {"page": 1}}), 1)
    two = responses.read_page(as_json({"data": [1], "metadata": {"page": 2}}), 2)
    three = responses.read_page(as_json({"data": [2], "metadata": {"page": 2}}), 2)

    assert one.facts.digest == two.facts.digest
    assert one.facts.digest != three.facts.digest


@pytest.mark.parametrize(
    ("total", "size", "pages"),
    [(0, 50, 0), (1, 50, 1), (50, 50, 1), (51, 50, 2), (1000, 1000, 1), (1001, 1000, 2), (8796, 1000, 9)],
)
def test_the_stated_total_gives_the_number_of_pages(total: int, size: int, pages: int) -> None:
    facts = responses.read_results(size)(as_json({"data": [], "meta": {"totalResults": total}}), 1).facts

    assert (total, pages) == (facts.row_count, facts.page_count)


@pytest.mark.parametrize(
    "meta",
    [None, [], {}, "5", {"totalResults": None}, {"totalResults": "5"}, {"totalResults": -1}, {"totalResults": 10**12}],
)
def test_a_total_that_is_no_count_says_nothing(meta: Any) -> None:
    facts = responses.read_results(50)(as_json({"data": [1], "meta": meta}), 1).facts

    assert (facts.rows, facts.row_count, facts.page_count) == (1, None, None)


EVENT = {"eventId": 1, "name": "x", "resultsUrl": "https://a.example"}


@pytest.mark.parametrize("data", [EVENT, [EVENT]])
@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"data": rows}])
def test_an_event_is_its_address_of_results_and_its_sub_events(data: Any, wrap: Callable[[list[Any]], Any]) -> None:
    body = json.loads(json.dumps({"data": data}))
    (body["data"][0] if isinstance(data, list) else body["data"])["subEvents"] = wrap([{"subEventId": 5}, None, 7])

    page = responses.read_event(as_json(body), 1)

    assert rows(page) == [
        {"resultsUrl": "https://a.example"},
        {"subEvent": {"subEventId": 5}},
        {"subEvent": None},
        {"subEvent": 7},
    ]
    assert (page.facts.rows, page.facts.page_count) == (4, 1)


@pytest.mark.parametrize("nothing", [{}, {"subEvents": None}, {"subEvents": []}, {"subEvents": {}}, {"subEvents": ""}])
def test_an_event_may_have_no_sub_events(nothing: dict[str, Any]) -> None:
    assert rows(responses.read_event(as_json({"data": nothing}), 1)) == [{"resultsUrl": None}]


@pytest.mark.parametrize("odd", [7, "none", {"items": []}, {"data": None}, {"data": {"1": {}}}, True])
def test_sub_events_of_another_shape_break_the_contract(odd: Any) -> None:
    with pytest.raises(Permanent, match="subEvents is not a list"):
        responses.read_event(as_json({"data": {"subEvents": odd}}), 1)


@pytest.mark.parametrize("data", [[], [EVENT, EVENT]])
def test_one_event_is_not_found_in_none_or_several(data: list[Any]) -> None:
    with pytest.raises(Permanent, match=f"holds {len(data)} events"):
        responses.read_event(as_json({"data": data}), 1)


def test_the_public_event_stands_one_step_deeper() -> None:
    body = {"data": {"event": {"resultEventId": 7, "subEvents": [{"resultSubEventId": 5}]}}}

    assert rows(responses.read_public_event(as_json(body), 1)) == [
        {"resultEventId": 7},
        {"subEvent": {"resultSubEventId": 5}},
    ]


@pytest.mark.parametrize("data", [{"resultEventId": 7}, {"event": None}, {"event": []}, {"event": 7}])
def test_an_answer_without_a_public_event_breaks_the_contract(data: Any) -> None:
    with pytest.raises(Permanent, match="event"):
        responses.read_public_event(as_json({"data": data}), 1)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["data", "event", "subEvents", "meta", "totalResults", "error"]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(
    body=st.binary(max_size=30) | ANY_JSON.map(lambda found: json.dumps(found).encode()),
    status=st.sampled_from([200, 200, 200, 400, 403, 404, 429, 500]),
    read=st.sampled_from(READERS),
)
def test_every_answer_is_a_page_or_an_error_of_ours(
    body: bytes, status: int, read: Callable[[Response, int], Page]
) -> None:
    response = answer(body, status)

    try:
        responses.check(response)
        read(response, 1)
    except (ProviderError, CredentialsRefused) as error:
        assert str(error)
