"""Every provider of the catalogue keeps the contract. Each brings the configurations it is tried under."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

import msgspec
import pytest

from project88.edges import redaction
from project88.errors import ConfigError, CredentialsRefused, Gone, ProviderError, Throttled, Transient
from project88.providers.catalogue import CATALOGUE, provider
from project88.providers.contract import Page, PagedList, Provider, Token
from project88.providers.race_roster.course import PublicEvent, PublicSubEvent, ResultsCode
from project88.providers.streams import declared
from project88.records.entities import Problem, ProviderEventId, Race
from project88.wire.messages import Request, Response
from project88.wire.paging import PageFacts

PRINCIPAL = "timer@partner.example"
SECRET = "tulip mania/1637"
CLIENT_SECRET = "south+sea/1720"
TOKEN = Token(value="a-token-of-the-service", expires_in_seconds=3600)
#: What a signed request may show: the id of a client or of a registration, and the name of a grant.
PUBLIC_WORDS = ("an-id", "password", "refresh_token", "access_token", "client_credentials")

#: Per provider, the additional_config of each way to log in. A new provider must add itself here.
CONFIGURATIONS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "chronotrack_live": {
        scheme: {"auth": scheme, "client_id": "an-id", "client_secret": CLIENT_SECRET}
        for scheme in ("simple", "basic", "oauth2")
    },
    "haku": {"raw token": {}, "token behind a word": {"token_prefix": "Bearer"}},
    "race_roster": {"password": {"client_id": "an-id", "client_secret": CLIENT_SECRET}},
    "runsignup": {
        name: {**config, "registration_id": "an-id", "registration_secret": CLIENT_SECRET}
        for name, config in {
            "query": {"auth": "query"},
            "header": {"auth": "header"},
            "refresh token": {"auth": "bearer"},
            "access token": {"auth": "bearer", "bearer_secret": "access_token"},
        }.items()
    },
}


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How the lists of a service differ from numbered ones. What is not said here is as for every service."""

    event: str
    #: Rows of the lists by which an event is understood; of those that are not named there are none.
    rows: Mapping[str, Sequence[bytes]] = field(default_factory=dict)
    #: The same as records, where a row says more than is needed.
    records: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    #: Lists that come whole in one answer, so that they know no page.
    in_one_answer: frozenset[str] = frozenset()
    #: The row behind which the next page begins, where pages are found so.
    last_row: bytes | None = None
    #: Lists that say with an empty one that nothing is there.
    empty_lists: frozenset[str] = frozenset()


HABITS: Mapping[str, Habits] = {
    "chronotrack_live": Habits(event="4101"),
    "haku": Habits(event="4101", empty_lists=frozenset({"events", "participants"})),
    "race_roster": Habits(
        event="4101",
        records={
            "event": (ResultsCode(code="a-code"),),
            "public event": (
                PublicEvent(result_event_id="77"),
                *(PublicSubEvent(is_public=True, as_race=Race(race_id=race_id)) for race_id in ("601", "602")),
            ),
        },
        in_one_answer=frozenset({"event", "public event"}),
    ),
    "runsignup": Habits(
        event="4101-77",
        rows={
            "races": [b'{"timezone":"UTC","event":{"event_id":5001,"race_event_days_id":77}}'],
            "result sets 5001": [b'{"individual_result_set_id":9001}'],
        },
        in_one_answer=frozenset({"races", "result sets 5001", "splits 9001"}),
        last_row=b'{"registration_id":88,"event_id":5001}',
        empty_lists=frozenset({"participants", "removed participants"}),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Case:
    key: str
    config: Mapping[str, Any]

    @property
    def habits(self) -> Habits:
        return HABITS[self.key]

    @property
    def event(self) -> ProviderEventId:
        return ProviderEventId(self.habits.event)

    def open(self, **config: Any) -> Provider:
        return provider(self.key, PRINCIPAL, SECRET, {**self.config, **config})


CASES = [
    pytest.param(Case(key=key, config=config), id=f"{key} {name}")
    for key, configurations in CONFIGURATIONS.items()
    for name, config in configurations.items()
]
every_case = pytest.mark.parametrize("case", CASES)


def lists(case: Case, opened: Provider) -> Iterator[PagedList[Any]]:
    read: dict[str, Sequence[Any]] = {}
    yield opened.events()
    while course_lists := opened.course_lists(case.event, read, results=True):
        yield from course_lists.values()
        read.update({name: records(case, rows) for name, rows in course_lists.items()})
    course = opened.course(case.event, read)
    yield from (entries.rows for entries in opened.participants(case.event, course, None))
    for result in opened.results(case.event, course):
        yield result.rows
        yield from (fallback.rows for fallback in result.fallback)


def records(case: Case, rows: PagedList[Any]) -> list[Any]:
    if rows.name in case.habits.records:
        return list(case.habits.records[rows.name])
    given = rows.decode([msgspec.Raw(row) for row in case.habits.rows.get(rows.name, ())])
    assert not any(isinstance(each, Problem) for each in given)
    return [record for each in given for record in each]


def second_page(case: Case, rows: PagedList[Any]) -> Request:
    if rows.follow is None:
        return rows.page(2)
    row = msgspec.Raw(case.habits.last_row or b"{}")
    facts = PageFacts(number=1, rows=1, row_count=None, page_count=None, digest=b"")
    return rows.page(2, Page(facts=facts, rows=[row]), 1)


def requests(case: Case, opened: Provider) -> Iterator[Request]:
    token = opened.token_request()
    if token is not None:
        yield token
    unsigned = [opened.login_probe(), *(rows.page(1) for rows in lists(case, opened))]
    yield from (opened.sign(request, TOKEN if token else None) for request in unsigned)


def test_every_provider_of_the_catalogue_is_tried() -> None:
    assert set(CATALOGUE) == set(CONFIGURATIONS), "CATALOGUE and CONFIGURATIONS of this file name other providers"
    assert set(CATALOGUE) == set(HABITS), "CATALOGUE and HABITS of this file name other providers"


@pytest.mark.parametrize("key", sorted(CATALOGUE))
def test_a_provider_declares_its_streams_and_its_settings_without_a_login(key: str) -> None:
    found = declared(key)

    assert {"events", "participants"} <= {stream.name for stream in found.streams() if stream.fields}
    assert {"base_url", "timeout", "rate_limit", "max_concurrency"} <= found.settings().keys()


@every_case
def test_a_provider_carries_the_key_it_is_found_under(case: Case) -> None:
    assert case.key == case.open().key


@every_case
def test_limits_are_usable(case: Case) -> None:
    limits = case.open().limits

    assert limits.calls_per_minute > 0
    assert limits.timeout_seconds > 0
    assert limits.concurrent_calls >= 1


@every_case
def test_an_unknown_setting_is_refused_without_quoting_it(case: Case) -> None:
    with pytest.raises(ConfigError, match="no_such_setting") as caught:
        case.open(no_such_setting="unsaid-value")

    assert "unsaid-value" not in str(caught.value)


@every_case
def test_lists_have_names_of_their_own_that_are_the_same_every_time(case: Case) -> None:
    names = [rows.name for rows in lists(case, case.open())]

    assert len(set(names)) == len(names)
    assert names == [rows.name for rows in lists(case, case.open())]
    assert {"events", "participants"} <= set(names)


@every_case
def test_pages_of_a_list_are_different_requests_to_one_place(case: Case) -> None:
    found = list(lists(case, case.open()))

    assert case.habits.in_one_answer <= {rows.name for rows in found}
    for rows in found:
        first, second, probe = rows.page(1), second_page(case, rows), rows.probe()

        assert rows.page_size > 0
        assert first.url == second.url == probe.url
        if rows.name in case.habits.in_one_answer:
            assert dict(first.query) == dict(second.query) == dict(probe.query)
            continue
        assert dict(first.query) != dict(second.query)
        assert dict(first.query) != dict(probe.query)
        assert rows.request.query.items() <= second.query.items()


@every_case
def test_every_request_goes_to_the_service_over_https_without_a_query_in_the_address(case: Case) -> None:
    for request in requests(case, case.open()):
        parts = urlsplit(request.url)

        assert parts.scheme == "https"
        assert not parts.query
        assert not parts.username


@every_case
def test_a_login_can_be_tried(case: Case) -> None:
    probe = case.open().login_probe()

    assert urlsplit(probe.url).hostname


@every_case
def test_signing_adds_the_login_and_leaves_the_request_alone(case: Case) -> None:
    opened = case.open()
    request = opened.events().page(2)
    before = (dict(request.query), dict(request.headers))

    signed = opened.sign(request, TOKEN if opened.token_request() else None)

    assert before == (dict(request.query), dict(request.headers))
    assert request.url == signed.url
    assert request.query.items() <= signed.query.items()
    assert (dict(signed.query), dict(signed.headers)) != before


@every_case
def test_requests_and_providers_show_no_secret(case: Case) -> None:
    opened = case.open()
    shown = repr([*requests(case, opened), opened, opened.limits, vars(opened).get("settings"), TOKEN])

    for secret in (*opened.secrets(), TOKEN.value):
        assert secret not in shown


@every_case
def test_the_stored_secret_and_the_client_secret_are_among_the_secrets(case: Case) -> None:
    stored = {SECRET, *({CLIENT_SECRET} & set(map(str, case.config.values())))}

    assert stored <= set(case.open().secrets())
    assert "" not in case.open().secrets()


@every_case
def test_whatever_a_login_adds_to_a_request_can_be_hidden(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_secrets", set())
    opened = case.open()
    redaction.hide_secrets((*opened.secrets(), TOKEN.value))
    public = {
        PRINCIPAL,
        *PUBLIC_WORDS,
        *(value for rows in lists(case, opened) for value in rows.page(1).query.values()),
    }
    in_queries = {value for request in requests(case, opened) for value in request.query.values()} - public
    in_queries |= {value for request in requests(case, opened) for value in (request.form or {}).values()} - public
    in_headers = {value for request in requests(case, opened) for value in request.headers.values()} - public
    quoted = {form for value in in_queries for form in (quote_plus(value), quote(value), quote(value, safe=""))}

    assert in_queries | in_headers
    for shown in in_queries | in_headers | quoted:
        assert redaction.HIDDEN in redaction.redacted(shown)


@every_case
@pytest.mark.parametrize(
    ("status", "kind"), [(401, CredentialsRefused), (404, Gone), (429, Throttled), (500, Transient), (503, Transient)]
)
def test_a_refusal_is_an_error_named_by_recovery(case: Case, status: int, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        case.open().check(Response(status=status, headers={}, body=b""))


@every_case
@pytest.mark.parametrize("body", [b"", b"<html></html>", b'{"cut', b"[]"])
def test_a_body_that_cannot_be_read_is_never_an_empty_list(case: Case, body: bytes) -> None:
    opened = case.open()
    response = Response(status=200, headers={}, body=body)

    may_be_empty = case.habits.empty_lists if body == b"[]" else frozenset()

    if not may_be_empty:
        with pytest.raises(ProviderError):
            opened.check(response)
    for rows in lists(case, opened):
        if rows.name in may_be_empty:
            assert list(rows.read(response, 1).rows) == []
            continue
        with pytest.raises(ProviderError):
            rows.read(response, 1)


@every_case
def test_a_page_without_rows_decodes_to_nothing(case: Case) -> None:
    for rows in lists(case, case.open()):
        assert list(rows.decode([])) == []


@every_case
def test_a_reply_without_a_token_refuses_the_credentials(case: Case) -> None:
    with pytest.raises(CredentialsRefused):
        case.open().read_token(Response(status=200, headers={}, body=b"{}"))
