"""What the Haku adapter asks for, and how it logs in."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from project88.errors import Transient
from project88.providers.contract import Details, EntryList, Token
from project88.providers.haku import HakuAdapter
from project88.providers.haku.declared import streams
from project88.records.entities import Participant, ProviderEventId, Removal
from project88.wire.messages import Request, Response

BASE = "https://service.example"
EVENT = ProviderEventId("501")
CLIENT_ID = "client-of-the-harbor-club"
SECRET = "tulip mania/1637"
TOKEN = Token(value="bubble-1720-token", expires_in_seconds=3600)
SAMPLES = Path(__file__).parents[2] / "samples" / "haku"


def adapter(**config: Any) -> HakuAdapter:
    return HakuAdapter(CLIENT_ID, SECRET, {"base_url": BASE + "/", **config})


def everybody(event: str = EVENT, since: datetime | None = None) -> EntryList:
    opened = adapter()
    event_id = ProviderEventId(event)
    (entries,) = opened.participants(event_id, opened.course(event_id, {}), since)
    return entries


def details(event: str = EVENT) -> Details:
    found = everybody(event).details
    assert found is not None
    return found


def shown(request: Request) -> tuple[str, dict[str, str]]:
    return request.url.removeprefix(BASE), dict(request.query)


def test_events_are_asked_for_newest_first_with_the_inactive_ones() -> None:
    assert shown(adapter().events().page(2)) == (
        "/events",
        {
            "sort_column": "event_date",
            "sort_direction": "desc",
            "show_inactive": "true",
            "page": "2",
            "per_page": "25",
        },
    )


def test_participants_are_one_list_of_everybody_last_changed_first() -> None:
    entries = everybody()

    assert entries.is_everyone
    assert entries.rows.name == "participants"
    assert shown(entries.rows.page(3)) == (
        "/events/501/participants",
        {"sort_column": "updated_at", "sort_direction": "desc", "page": "3", "per_page": "25"},
    )


def test_an_instant_to_ask_since_changes_nothing_as_no_filter_is_known() -> None:
    since = everybody(since=datetime(2026, 3, 1, tzinfo=UTC)).rows

    assert HakuAdapter.asks_since is None
    assert shown(everybody().rows.page(1)) == shown(since.page(1))


def test_a_registration_is_asked_for_by_its_number() -> None:
    assert shown(details().request("HK-1001")) == ("/events/501/registrations/HK-1001", {})


@pytest.mark.parametrize(
    ("number", "segment"),
    [("a/b", "a%2Fb"), ("a?b=c", "a%3Fb%3Dc"), ("a#b", "a%23b"), ("../x", "..%2Fx"), ("ä b", "%C3%A4%20b")],
)
def test_a_hostile_id_stays_one_segment_of_the_address(number: str, segment: str) -> None:
    assert f"{BASE}/events/501/registrations/{segment}" == details().request(number).url
    assert f"{BASE}/events/{segment}/participants" == everybody(number).rows.request.url


def test_a_row_of_the_list_and_its_detail_are_one_registration() -> None:
    entries = everybody()
    page = entries.rows.read(Response(status=200, headers={}, body=(SAMPLES / "participants.json").read_bytes()), 1)
    answer = Response(status=200, headers={}, body=(SAMPLES / "registration.json").read_bytes())

    [listed] = entries.rows.decode(page.rows[:1])
    [detailed] = details().decode(details().read(answer))

    assert [("HK-1001", "HK-1001", None), ("HK-1001", "HK-1001", "0412")] == [
        (each.entry_id, each.listed_as, each.bib)
        for given in (listed, detailed)
        for each in given
        if isinstance(each, Participant)
    ]


def test_a_cancelled_detail_takes_the_entry_back() -> None:
    answer = Response(status=200, headers={}, body=b'{"registration_number": "HK-1001", "is_cancelled": true}')

    assert [(Removal(entry_id="HK-1001", reason="cancelled"),)] == list(details().decode(details().read(answer)))


@pytest.mark.parametrize("body", [b"", b"<html></html>", b'{"cut'])
def test_a_detail_that_cannot_be_read_is_never_an_entry_that_is_gone(body: bytes) -> None:
    with pytest.raises(Transient):
        details().read(Response(status=200, headers={}, body=body))


def test_an_event_has_no_list_of_races_and_no_results() -> None:
    opened = adapter()
    course = opened.course(EVENT, {})

    assert opened.course_lists(EVENT, {}, results=True) == {}
    assert course.races == ()
    assert list(opened.results(EVENT, course)) == []
    assert list(opened.watched_results(EVENT, course)) == []


def test_the_login_is_tried_for_the_price_of_one_row() -> None:
    path, query = shown(adapter().login_probe())

    assert path == "/events"
    assert {"page": "1", "per_page": "1"}.items() <= query.items()
    assert not adapter().needs_proof()


def test_the_token_is_asked_for_by_a_form_with_the_login_in_a_basic_header() -> None:
    request = adapter(token_url="https://auth.example/token").token_request()

    assert request.url == "https://auth.example/token"
    assert request.form == {"grant_type": "client_credentials"}
    assert request.query == {}
    scheme, _, credentials = request.headers["Authorization"].partition(" ")
    assert scheme == "Basic"
    assert f"{CLIENT_ID}:{SECRET}" == base64.b64decode(credentials, validate=True).decode()


@pytest.mark.parametrize(("prefix", "header"), [("", TOKEN.value), ("Bearer", f"Bearer {TOKEN.value}")])
def test_the_token_stands_in_the_header_with_or_without_a_word(prefix: str, header: str) -> None:
    signed = adapter(token_prefix=prefix).sign(Request(url=BASE, headers={"Accept": "any"}), TOKEN)

    assert signed.headers == {"Accept": "any", "Authorization": header}


def test_without_a_token_nothing_is_signed() -> None:
    assert adapter().sign(Request(url=BASE), None).headers == {}


def test_no_secret_shows_and_all_its_forms_are_named() -> None:
    opened = adapter()
    sent = opened.token_request().headers["Authorization"].removeprefix("Basic ")

    assert {SECRET, "tulip%20mania%2F1637", "tulip+mania%2F1637", sent} <= set(opened.secrets())
    for secret in opened.secrets():
        assert secret not in repr([vars(opened), opened.token_request()])


def test_the_limits_come_from_the_settings() -> None:
    limits = adapter(timeout=9, rate_limit=60, max_concurrency=2).limits

    assert (limits.timeout_seconds, limits.calls_per_minute, limits.concurrent_calls) == (9, 60, 2)


def test_the_streams_are_declared_with_the_fields_of_their_parts() -> None:
    found = {stream.name: stream for stream in streams()}

    assert {
        "events": "/events",
        "participants": "/events/{event_id}/participants",
        "registrations": "/events/{event_id}/registrations/{registration_number}",
    } == {name: stream.path for name, stream in found.items()}
    assert {"registration_number", "participant.address.city", "event_categories.tag_number", "team.name"} <= set(
        found["registrations"].fields
    )
