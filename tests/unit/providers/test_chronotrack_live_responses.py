"""What an answer of ChronoTrack Live means, by status, headers and body."""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project88.errors import CredentialsRefused, Gone, HubError, Permanent, ProviderError, Throttled, Transient
from project88.providers.chronotrack_live import responses
from project88.wire.messages import Response

page_of_races = responses.read_page("event_race")


def answer(body: bytes = b"", status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status=status, headers=headers or {}, body=body)


def counted(rows: str, body: bytes) -> Response:
    return answer(body, headers={"x-ctlive-row-count": rows})


def refusal(response: Response) -> HubError:
    with pytest.raises(HubError) as caught:
        responses.check(response)
    return caught.value


@pytest.mark.parametrize("body", [b"{}", b'{"event": []}', b' \n {"event": {"event_id": "1"}}'])
def test_a_json_object_without_an_error_passes(body: bytes) -> None:
    responses.check(answer(body))


@pytest.mark.parametrize("empty", [b"null", b'""', b"false", b"0", b"[]", b"{}", b'   ""  '])
def test_an_empty_error_is_no_error(empty: bytes) -> None:
    responses.check(answer(b'{"error": ' + empty + b', "event": []}'))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Permanent), (401, CredentialsRefused), (402, Permanent), (403, CredentialsRefused), (404, Gone),
        (405, Permanent), (408, Transient), (410, Gone), (418, Permanent), (422, Permanent), (425, Transient),
        (429, Throttled), (500, Transient), (502, Transient), (503, Transient), (504, Transient), (204, Permanent),
        (301, Permanent), (302, Permanent),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "body", [b"", b"<html>sorry</html>", b'{"error": "so it is"}', b'{"cut', b"[1]", b'{"error": {"a": "\xff"}}']
)
def test_a_status_is_an_error_named_by_recovery_whatever_the_body(
    status: int, kind: type[HubError], body: bytes
) -> None:
    error = refusal(answer(body, status))

    assert kind is type(error)
    assert str(status) in str(error)


def test_a_refusal_quotes_what_the_service_said() -> None:
    assert "so it is" in str(refusal(answer(b'{"error": {"message": "so it is"}}', 400)))
    assert "or so" in str(refusal(answer(b'{"error": {"description": "or so"}}', 400)))
    assert "{'code': 7}" in str(refusal(answer(b'{"error": {"code": 7}}', 400)))


def test_a_long_message_is_cut() -> None:
    assert len(str(refusal(answer(json.dumps({"error": "x" * 5000}).encode(), 400)))) < 300


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "17"}, 17.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "Fri, 21 Nov 2025 10:00:30 GMT", "date": "Fri, 21 Nov 2025 10:00:00 GMT"}, 30.0),
        ({"retry-after": "Fri, 21 Nov 2025 10:00:00 GMT", "date": "Fri, 21 Nov 2025 10:00:30 GMT"}, 0.0),
        ({"retry-after": "Fri, 21 Nov 2025 10:00:30 GMT"}, None),
        ({"retry-after": "soon", "date": "Fri, 21 Nov 2025 10:00:30 GMT"}, None),
        ({"retry-after": "²"}, None),
        ({"retry-after": "9" * 5000}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_the_wait_that_the_service_asks_for_is_carried(
    status: int, headers: Mapping[str, str], seconds: float | None
) -> None:
    error = refusal(Response(status=status, headers=headers, body=b""))

    assert isinstance(error, Transient)
    assert seconds == error.retry_after_seconds


@pytest.mark.parametrize("status", [200, 400, 403, 404, 410, 500])
@pytest.mark.parametrize("body", [b'{"error": "Event is archived."}', b'{"error": {"message": "EVENT IS ARCHIVED"}}'])
def test_an_archived_event_is_gone_under_every_status(status: int, body: bytes) -> None:
    error = refusal(answer(body, status))

    assert isinstance(error, Gone)
    assert error.upstream_state == "archived"


def test_a_missing_event_is_gone_but_not_archived() -> None:
    error = refusal(answer(b"", 404))

    assert isinstance(error, Gone)
    assert error.upstream_state == "gone"


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("no such thing", Permanent),
        ("Too many requests", Throttled),
        ("Rate limit reached", Throttled),
        ("invalid_grant", CredentialsRefused),
    ],
)
def test_an_error_inside_a_200_is_an_error(message: str, kind: type[HubError]) -> None:
    error = refusal(answer(json.dumps({"error": message, "event_race": []}).encode()))

    assert kind is type(error)
    assert message in str(error)


@pytest.mark.parametrize("word", ["invalid_grant", "invalid_client", "unauthorized_client"])
def test_a_token_service_that_knows_no_such_login_refuses_the_credentials(word: str) -> None:
    assert CredentialsRefused is type(refusal(answer(json.dumps({"error": word}).encode(), 400)))


@pytest.mark.parametrize("body", [b"<html>", b"  <!DOCTYPE html>", b"\n\n<?xml version='1.0'?><event/>"])
def test_html_in_place_of_json_may_pass_later(body: bytes) -> None:
    with pytest.raises(Transient, match="HTML"):
        responses.check(answer(body))


@pytest.mark.parametrize("body", [b"", b" ", b'{"event_race": [{"race_id": "1"}', b'{"event_r', b"OK", b"\xff"])
def test_a_cut_body_may_come_whole_later(body: bytes) -> None:
    with pytest.raises(Transient, match="not JSON"):
        responses.check(answer(body))


@pytest.mark.parametrize("body", [b"[]", b'[{"race_id": "1"}]', b'"archived"', b"7", b"null"])
def test_json_that_is_no_object_breaks_the_contract(body: bytes) -> None:
    with pytest.raises(Permanent, match="unknown shape"):
        responses.check(answer(body))
    with pytest.raises(Permanent, match="unknown shape"):
        page_of_races(answer(body), 1)


def test_json_nested_without_end_breaks_the_contract() -> None:
    with pytest.raises(Permanent):
        responses.check(answer(b'{"event_race":' + b"[" * 100_000 + b"]" * 100_000 + b"}"))


def test_a_page_holds_its_rows_as_they_came_and_what_it_says_of_itself() -> None:
    response = answer(
        b'{"event_race": [{"race_id": "1"}, {"race_id" : 2}]}',
        headers={"x-ctlive-row-count": "2500", "x-ctlive-page-count": "1250"},
    )

    page = page_of_races(response, 3)

    assert [bytes(row) for row in page.rows] == [b'{"race_id": "1"}', b'{"race_id" : 2}']
    assert (page.facts.number, page.facts.rows, page.facts.row_count, page.facts.page_count) == (3, 2, 2500, 1250)


@pytest.mark.parametrize("value", ["", "many", "-1", "2,500", "²", "٣", "1.5", "9" * 5000])
def test_a_paging_header_that_is_no_number_says_nothing(value: str) -> None:
    headers = {"x-ctlive-row-count": value, "x-ctlive-page-count": value}

    page = page_of_races(answer(b'{"event_race": []}', headers=headers), 1)

    assert page.facts.row_count is None
    assert page.facts.page_count is None


def test_equal_pages_have_equal_digests_and_different_pages_different_ones() -> None:
    def digest(body: bytes) -> bytes:
        return page_of_races(answer(body), 1).facts.digest

    assert digest(b'{"event_race": [1]}') == digest(b'{"event_race": [1]}')
    assert digest(b'{"event_race": [1]}') != digest(b'{"event_race": [2]}')


@pytest.mark.parametrize("body", [b"{}", b'{"event_race": null}', b'{"event_race": ""}', b'{"event_race": {}}'])
def test_no_list_is_an_empty_list_only_where_the_service_counts_no_rows(body: bytes) -> None:
    assert page_of_races(counted("0", body), 1).facts.rows == 0
    for unsaid in (answer(body), counted("5", body), counted("", body)):
        with pytest.raises(Permanent, match="has no event_race"):
            page_of_races(unsaid, 1)


def test_the_list_of_another_resource_is_not_taken_for_an_empty_one() -> None:
    with pytest.raises(Permanent, match="has no event_race"):
        page_of_races(answer(b'{"races": [{"race_id": "1"}]}'), 1)


@pytest.mark.parametrize("body", [b'{"event_race": {"race_id": "1"}}', b'{"event_race": "none"}', b'{"event_race": 7}'])
def test_something_else_in_place_of_the_list_breaks_the_contract(body: bytes) -> None:
    with pytest.raises(Permanent, match="event_race is not a list"):
        page_of_races(answer(body), 1)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (rb"Ada \ud83d", "Ada \ufffd"),
        (rb"\udc00 Ada", "\ufffd Ada"),
        (rb"\ud83d\ud83d\udc4d", "\ufffd👍"),
        (rb"\\ud83d \uD83D", "\\ud83d \ufffd"),
        (rb"\\\ud83d", "\\\ufffd"),
    ],
)
def test_half_of_an_emoji_does_not_cost_the_page(sent: bytes, read: str) -> None:
    response = answer(b'{"event_race": [{"race_name": "' + sent + b'"}, {"race_id": "2"}]}')

    responses.check(response)
    first, second = page_of_races(response, 1).rows

    assert {"race_name": read} == msgspec.json.decode(first)
    assert msgspec.json.decode(second) == {"race_id": "2"}


def test_a_whole_emoji_and_a_written_escape_stay_beside_half_of_one() -> None:
    response = answer(rb'{"event_race": [["\ud83d\udc4d", "\\ud83d", "\ud83d"]]}')

    (row,) = page_of_races(response, 1).rows

    assert msgspec.json.decode(row) == ["👍", "\\ud83d", "\ufffd"]


@settings(max_examples=100, deadline=None)
@given(
    body=st.binary(max_size=40)
    | st.dictionaries(st.sampled_from(["event_race", "error", "x"]), st.integers() | st.text() | st.none()).map(
        lambda found: json.dumps(found).encode()
    ),
    status=st.sampled_from([200, 200, 200, 404, 429, 500]),
    header=st.text(max_size=5),
)
def test_every_answer_is_a_page_or_an_error_of_ours(body: bytes, status: int, header: str) -> None:
    response = Response(
        status=status, headers={"x-ctlive-row-count": header, "retry-after": header, "date": header}, body=body
    )

    try:
        responses.check(response)
        page_of_races(response, 1)
    except (ProviderError, CredentialsRefused) as error:
        assert str(error)
