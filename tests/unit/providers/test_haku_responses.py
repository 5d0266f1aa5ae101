"""What an answer of Haku means, by status and body."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project88.errors import CredentialsRefused, Gone, HubError, Permanent, ProviderError, Throttled, Transient
from project88.providers.haku import responses
from project88.wire.messages import Response
from project88.wire.paging import ListReading

page_of_people = responses.read_page("participants")


def answer(body: bytes = b"", status: int = 200) -> Response:
    return Response(status=status, headers={}, body=body)


def refusal(response: Response) -> HubError:
    with pytest.raises(HubError) as caught:
        responses.check(response)
    return caught.value


@pytest.mark.parametrize("body", [b"[]", b"{}", b'[{"id": 1}]', b' {"events": []} ', b'{"error": null, "events": []}'])
def test_a_list_and_an_object_without_an_error_pass(body: bytes) -> None:
    responses.check(answer(body))


@pytest.mark.parametrize(
    "body",
    [
        b'[{"registration_number": "1"}, {"registration_number" : 2}]',
        b' {"participants": [{"registration_number": "1"}, {"registration_number" : 2}], "total": 900} ',
    ],
)
def test_a_list_stands_alone_or_under_its_name(body: bytes) -> None:
    page = page_of_people(answer(body), 3)

    assert [bytes(row) for row in page.rows] == [b'{"registration_number": "1"}', b'{"registration_number" : 2}']
    assert (page.facts.number, page.facts.rows, page.facts.row_count, page.facts.page_count) == (3, 2, None, None)


@pytest.mark.parametrize("body", [b"[]", b'{"participants": []}'])
def test_an_empty_list_is_an_empty_page(body: bytes) -> None:
    assert page_of_people(answer(body), 1).facts.rows == 0


@pytest.mark.parametrize("body", [b"{}", b'{"events": [{"id": 1}]}', b'{"message": "sorry"}'])
def test_an_object_without_the_list_is_never_an_empty_one(body: bytes) -> None:
    with pytest.raises(Permanent, match="has no participants"):
        page_of_people(answer(body), 1)


@pytest.mark.parametrize("value", [b"null", b'""', b"{}", b"0", b'{"1": {}}', b'"none"'])
def test_something_else_in_place_of_the_list_breaks_the_contract(value: bytes) -> None:
    with pytest.raises(Permanent, match="participants is not a list"):
        page_of_people(answer(b'{"participants": ' + value + b"}"), 1)


@pytest.mark.parametrize("body", [b"<html>", b"  <!DOCTYPE html>", b"\n<?xml version='1.0'?>"])
def test_html_in_place_of_json_may_pass_later(body: bytes) -> None:
    with pytest.raises(Transient, match="HTML"):
        responses.check(answer(body))


@pytest.mark.parametrize("body", [b"", b" ", b'[{"id": 1}', b'{"part', b"OK", b"\xff"])
def test_a_cut_body_may_come_whole_later(body: bytes) -> None:
    for read in (responses.check, responses.read_registration):
        with pytest.raises(Transient, match="not JSON"):
            read(answer(body))


@pytest.mark.parametrize("body", [b"null", b"7", b'"done"', b"true"])
def test_json_that_is_neither_list_nor_object_breaks_the_contract(body: bytes) -> None:
    for read in (responses.check, responses.read_registration):
        with pytest.raises(Permanent, match="unknown shape"):
            read(answer(body))


def test_json_nested_without_end_breaks_the_contract() -> None:
    with pytest.raises(Permanent):
        responses.check(answer(b'{"participants":' + b"[" * 100_000 + b"]" * 100_000 + b"}"))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (204, Permanent), (301, Permanent), (302, Permanent), (400, Permanent), (401, CredentialsRefused),
        (403, CredentialsRefused), (404, Gone), (408, Transient), (410, Gone), (422, Permanent), (429, Throttled),
        (500, Transient), (502, Transient), (503, Transient),
    ],
)  # fmt: skip
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"message": "so it is"}', b'{"cut', b"[1]", b'{"error": "\xff"}'])
def test_a_status_is_an_error_named_by_recovery_whatever_the_body(
    status: int, kind: type[HubError], body: bytes
) -> None:
    error = refusal(answer(body, status))

    assert kind is type(error)
    assert str(status) in str(error)


@pytest.mark.parametrize("key", ["error", "message", "error_description"])
def test_a_refusal_quotes_what_the_service_said(key: str) -> None:
    assert "so it is" in str(refusal(answer(json.dumps({key: "so it is"}).encode(), 422)))


def test_a_long_message_is_cut() -> None:
    assert len(str(refusal(answer(json.dumps({"message": "x" * 5000}).encode(), 400)))) < 300


@pytest.mark.parametrize("word", ["invalid_client", "invalid_grant", "unauthorized_client"])
def test_a_token_service_that_knows_no_such_client_refuses_the_credentials(word: str) -> None:
    error = refusal(answer(json.dumps({"error": word}).encode(), 400))

    assert CredentialsRefused is type(error)
    assert "client id" in str(error)


def test_an_error_inside_a_200_is_an_error() -> None:
    error = refusal(answer(b'{"error": "no access", "participants": []}'))

    assert Permanent is type(error)
    assert "no access" in str(error)


def test_the_wait_that_the_service_asks_for_is_carried() -> None:
    error = refusal(Response(status=429, headers={"retry-after": "17"}, body=b""))

    assert isinstance(error, Throttled)
    assert error.retry_after_seconds == 17


@pytest.mark.parametrize("body", [b'{"registration_number": "1"}', b'[{"registration_number": "1"}]'])
def test_a_detail_is_one_row(body: bytes) -> None:
    assert [b'{"registration_number": "1"}'] == [bytes(row) for row in responses.read_registration(answer(body))]


def test_half_of_an_emoji_does_not_cost_the_detail() -> None:
    (row,) = responses.read_registration(answer(rb'{"registration_number": "1", "device": "\ud83d"}'))

    assert json.loads(bytes(row))["device"] == "\ufffd"


def reading_of(*bodies: bytes) -> ListReading:
    reading = ListReading()
    for number, body in enumerate(bodies, 1):
        reading.feed(page_of_people(answer(body), number).facts)
    return reading


def test_a_short_page_ends_nothing_and_an_empty_one_ends_the_list() -> None:
    assert reading_of(b"[1, 2, 3]", b"[4]").next_page == 3
    assert reading_of(b"[1, 2, 3]", b"[4]", b"[]").finished


@settings(max_examples=60, deadline=None)
@given(length=st.integers(0, 60), size=st.integers(1, 30))
def test_a_list_of_any_length_comes_through_whole_at_any_page_size(length: int, size: int) -> None:
    rows = list(range(length))
    pages = [json.dumps(rows[start : start + size]).encode() for start in range(0, length, size)]

    reading = reading_of(*pages, b"[]")

    assert reading.finished
    assert length == reading.rows_read


def test_a_page_that_moved_down_by_one_is_no_loop() -> None:
    reading = reading_of(b"[1, 2]", b"[1, 2]", b"[3]", b"[]")

    assert reading.finished
    assert reading.rows_read == 5


def test_rows_that_come_again_on_the_next_page_are_no_loop() -> None:
    assert reading_of(b"[1, 2]", b"[2, 3]", b"[2]", b"[]").finished


def test_a_service_that_ignores_the_number_of_the_page_is_a_loop() -> None:
    with pytest.raises(Permanent, match="page 3 repeats an earlier page"):
        reading_of(b"[1, 2]", b"[1, 2]", b"[1, 2]")


def test_a_page_has_the_same_digest_at_every_reading_in_either_shape() -> None:
    def digest(body: bytes) -> bytes:
        return page_of_people(answer(body), 2).facts.digest

    assert digest(b"[1,2]") == digest(b"[1, 2]") == digest(b'{"participants": [1,2]}')
    assert digest(b"[1,2]") != digest(b"[2,1]")


@settings(max_examples=100, deadline=None)
@given(
    body=st.binary(max_size=40)
    | st.dictionaries(st.sampled_from(["participants", "error", "x"]), st.integers() | st.text() | st.none()).map(
        lambda found: json.dumps(found).encode()
    ),
    status=st.sampled_from([200, 200, 200, 404, 429, 500]),
)
def test_every_answer_is_a_page_or_an_error_of_ours(body: bytes, status: int) -> None:
    response = answer(body, status)

    try:
        responses.check(response)
        page_of_people(response, 1)
    except (ProviderError, CredentialsRefused) as error:
        assert str(error)
