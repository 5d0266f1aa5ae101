"""What an answer of RunSignUp means: its own error first, whatever the status, then the status."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project88.errors import CredentialsRefused, Gone, HubError, Permanent, ProviderError, Throttled, Transient
from project88.providers.runsignup import pages, responses
from project88.wire.messages import Response
from tests.unit.providers.runsignup_samples import answer

#: Every code that the service documents, and some it does not.
MEANINGS: dict[int, type[HubError]] = {
    **dict.fromkeys((1, 2, 3, 8, 9, 10, 11, 12, 15, 16, 101, 150, 202, 299, 302, 9999), Permanent),
    **dict.fromkeys((4, 5), Transient),
    **dict.fromkeys((6, 7, 13, 17), CredentialsRefused),
    14: Throttled,
    **dict.fromkeys((201, 301), Gone),
}
NONE_LEFT: frozenset[int] = frozenset()


def refusal(response: Response, left_to_reader: frozenset[int] = NONE_LEFT) -> HubError:
    with pytest.raises(HubError) as caught:
        responses.check(response, left_to_reader)
    return caught.value


def error(code: object, message: str = "so it is") -> dict[str, object]:
    return {"error": {"error_code": code, "error_msg": message}, "error_details": [{"any": "thing"}], "races": []}


@pytest.mark.parametrize("code", sorted(MEANINGS))
@pytest.mark.parametrize("status", [200, 400])
def test_every_code_is_an_error_named_by_recovery_whether_it_comes_with_a_200_or_a_400(code: int, status: int) -> None:
    for written in (code, str(code)):
        found = refusal(answer(error(written), status))

        assert MEANINGS[code] is type(found)
        assert f"error {code}: so it is" in str(found)


@pytest.mark.parametrize(
    ("status", "code", "kind"), [(500, 7, CredentialsRefused), (403, 14, Throttled), (503, 3, Permanent)]
)
def test_a_known_code_counts_more_than_the_status(status: int, code: int, kind: type[HubError]) -> None:
    assert kind is type(refusal(answer(error(code), status)))


@pytest.mark.parametrize(
    ("status", "kind"), [(401, CredentialsRefused), (404, Gone), (503, Transient), (522, Transient)]
)
def test_an_unknown_code_is_judged_by_the_status(status: int, kind: type[HubError]) -> None:
    found = refusal(answer(error(4711), status))

    assert kind is type(found)
    assert "error 4711: so it is" in str(found)


def test_a_wrong_registration_names_it_and_says_that_it_hits_every_partner() -> None:
    found = refusal(answer(error(17, "Invalid API caller credentials."), 400))

    assert "registration_id and registration_secret" in str(found)
    assert "every partner" in str(found)


@pytest.mark.parametrize("code", [4, 5, 14])
def test_the_wait_that_the_service_asks_for_is_carried(code: int) -> None:
    found = refusal(answer(error(code), retry_after="17"))

    assert isinstance(found, Transient)
    assert found.retry_after_seconds == 17


@pytest.mark.parametrize("code", [None, "", "six", -6, 6.5, [6], {"a": 6}, True, 10**12])
def test_an_error_whose_code_cannot_be_read_is_still_an_error(code: object) -> None:
    assert Permanent is type(refusal(answer(error(code))))


@pytest.mark.parametrize("said", ["no such thing", ["no"], {"reason": "none"}, 7, True])
def test_an_error_of_another_shape_is_still_an_error(said: object) -> None:
    assert Permanent is type(refusal(answer({"error": said, "races": []})))


@pytest.mark.parametrize("word", ["invalid_grant", "invalid_client", "unauthorized_client"])
def test_a_token_service_that_knows_no_such_login_refuses_the_credentials(word: str) -> None:
    assert CredentialsRefused is type(refusal(answer({"error": word, "error_description": "no"}, 400)))


@pytest.mark.parametrize("nothing", [None, "", False, 0, [], {}])
def test_an_empty_error_is_no_error(nothing: object) -> None:
    responses.check(answer({"error": nothing, "races": []}), NONE_LEFT)


@pytest.mark.parametrize("body", [b"{}", b"[]", b' [{"event": []}]', b'{"races": []}'])
def test_json_without_an_error_passes(body: bytes) -> None:
    responses.check(answer(body), NONE_LEFT)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (204, Permanent), (302, Permanent), (400, Permanent), (401, CredentialsRefused), (403, CredentialsRefused),
        (404, Gone), (410, Gone), (408, Transient), (429, Throttled), (500, Transient), (502, Transient),
        (503, Transient), (504, Transient), (522, Transient),
    ],
)  # fmt: skip
@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"cut'])
def test_a_status_without_a_word_is_an_error_named_by_recovery(status: int, kind: type[HubError], body: bytes) -> None:
    assert kind is type(refusal(answer(body, status)))


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500, 522])
@pytest.mark.parametrize("body", [b"<html>blocked</html>", b"\n <!DOCTYPE html>", b"<?xml version='1.0'?><races/>"])
def test_html_comes_from_something_before_the_service_and_may_pass(status: int, body: bytes) -> None:
    assert Transient is type(refusal(answer(body, status)))


def test_html_that_says_when_to_come_back_is_obeyed() -> None:
    found = refusal(answer(b"<html>", 429, retry_after="30"))

    assert isinstance(found, Throttled)
    assert found.retry_after_seconds == 30


@pytest.mark.parametrize("body", [b"", b'{"races": [', b"OK", b"\xff"])
def test_a_cut_body_may_come_whole_later(body: bytes) -> None:
    assert Transient is type(refusal(answer(body)))


@pytest.mark.parametrize("body", [b"7", b"null", b'"text"'])
def test_json_that_is_neither_an_object_nor_a_list_breaks_the_contract(body: bytes) -> None:
    assert Permanent is type(refusal(answer(body)))


def test_a_code_that_is_left_to_the_reader_passes_the_check_and_is_an_error_for_every_other_list() -> None:
    response = answer(error(301, "Event not found"))

    responses.check(response, frozenset({301}))

    assert pages.result_sets({301})(response, 1).rows == []
    assert pages.splits({301})(response, 1).rows == []
    for reader in (pages.races, pages.events_of_race, pages.people, pages.results("9101"), pages.result_sets(())):
        with pytest.raises(Gone, match="Event not found"):
            reader(response, 1)


@pytest.mark.parametrize("code", [6, 7, 13, 14, 17, 3, 201, 999])
def test_an_error_that_may_mean_something_else_is_never_taken_for_no_results_yet(code: int) -> None:
    response = answer(error(code))

    assert MEANINGS.get(code, Permanent) is type(refusal(response, frozenset({301})))
    with pytest.raises(HubError):
        pages.result_sets({301})(response, 1)


@settings(max_examples=100, deadline=None)
@given(
    body=st.binary(max_size=40)
    | st.dictionaries(
        st.sampled_from(["races", "race", "event", "participants", "individual_results_sets", "error", "x"]),
        st.none()
        | st.integers()
        | st.text()
        | st.lists(st.none() | st.integers() | st.dictionaries(st.text(), st.text())),
    ).map(lambda found: json.dumps(found).encode()),
    status=st.sampled_from([200, 200, 200, 400, 404, 429, 500]),
    header=st.text(max_size=5),
)
def test_every_answer_is_a_page_or_an_error_of_ours(body: bytes, status: int, header: str) -> None:
    response = Response(status=status, headers={"retry-after": header, "date": header}, body=body)
    readers = (pages.races, pages.events_of_race, pages.people, pages.results("1"), pages.result_sets({301}))

    for reader in (*readers, pages.splits({301})):
        try:
            responses.check(response, {301})
            reader(response, 1)
        except (ProviderError, CredentialsRefused) as refused:
            assert str(refused)
