"""The parts of the commands that decide or format without a database."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest

from project88.cli.common import print_table
from project88.cli.credentials import parsed_config
from project88.cli.login_trials import judged, sent_form, with_hint
from project88.cli.logins import described, host
from project88.cli.results import last_split_text, short_clock_text, splits_text
from project88.cli.sync import chosen, worth_asking
from project88.errors import ConfigError, CredentialsRefused, HubError, Permanent, Throttled, Transient, UsageError
from project88.exports.cells import clock_text, csv_cell
from project88.records.entities import EventId, ProviderEventId, ProviderId, TimingPartnerId
from project88.store.events import StoredEvent
from project88.store.partners import Credential

NOON = datetime(2026, 5, 2, 12, tzinfo=UTC)
PARTNER = TimingPartnerId(1)


def credential(key: str = "chronotrack_live", secret: str = "open sesame", **config: object) -> Credential:
    return Credential(
        timing_partner_id=PARTNER,
        company_name="Summit Timing",
        time_zone="UTC",
        provider_id=ProviderId(1),
        provider_key=key,
        principal="me",
        secret=secret,
        additional_config=config,
    )


def event(**changes: Any) -> StoredEvent:
    facts: dict[str, Any] = {
        "timing_partner_id": PARTNER,
        "event_id": EventId("p1"),
        "data_source": "chronotrack_live",
        "provider_event_id": ProviderEventId("8412"),
        "event_name": "River Run",
        "start_date": NOON,
        "end_date": None,
        "time_zone": None,
        "upstream_state": None,
        "by_our_id": True,
    }
    return StoredEvent(**{**facts, **changes})


@pytest.mark.parametrize(
    ("elapsed", "text", "short"),
    [
        (timedelta(0), "0:00:00.000", "0:00:00"),
        (timedelta(milliseconds=59_999), "0:00:59.999", "0:00:59.999"),
        (timedelta(hours=2, minutes=8, seconds=7, milliseconds=50), "2:08:07.050", "2:08:07.050"),
        (timedelta(days=1, hours=4, seconds=1), "28:00:01.000", "28:00:01"),
        (timedelta(microseconds=999_600), "0:00:01.000", "0:00:01"),
    ],
)
def test_a_duration_is_written_in_hours_that_go_on_after_a_day(elapsed: timedelta, text: str, short: str):
    assert clock_text(elapsed) == text
    assert short_clock_text(elapsed) == short


def test_splits_show_the_time_from_the_start_else_the_intervals_own_and_none_where_unknown():
    splits = [
        {"name": "5K", "elapsed_ms": 900_000, "cumulative_ms": 901_000},
        {"name": "Swim", "elapsed_ms": 60_500, "cumulative_ms": None},
        {"name": None, "elapsed_ms": 1_000, "cumulative_ms": None},
        {"name": "Lost", "elapsed_ms": None, "cumulative_ms": None},
    ]

    assert splits_text(splits) == "5K 0:15:01, Swim 0:01:00.500, ? 0:00:01"
    assert last_split_text(splits) == "? 0:00:01"
    assert last_split_text([]) == ""


def test_a_csv_cell_holds_durations_instants_and_lists_as_text():
    assert csv_cell(timedelta(seconds=61)) == "0:01:01.000"
    assert csv_cell(NOON) == "2026-05-02T12:00:00+00:00"
    assert csv_cell(date(2026, 5, 2)) == "2026-05-02"
    assert csv_cell([{"name": "5K"}]) == '[{"name":"5K"}]'
    assert csv_cell(None) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "null", "{'a': 1}", '{"a": NaN}'])
def test_a_config_that_is_no_json_object_is_a_usage_error_that_does_not_quote_it(text: str):
    with pytest.raises(UsageError, match=r"--config") as refused:
        parsed_config(text)

    assert "'a'" not in str(refused.value)


@pytest.mark.parametrize(
    ("base_url", "shown"),
    [
        ("https://api.example.org/api", "api.example.org"),
        ("http://127.0.0.1:8090/api", "127.0.0.1:8090"),
        ("https://user:word@example.org/?key=word", "example.org"),
        ("https://example.org:port/", "unknown"),
        ("word", "unknown"),
        (None, "unknown"),
        (5, "unknown"),
    ],
)
def test_only_the_host_of_an_address_is_shown(base_url: object, shown: str):
    assert host(base_url) == shown


@pytest.mark.parametrize(
    ("secret", "kind"),
    [("open sesame", "password"), ("a" * 40, "SHA-1 digest"), ("B" * 64, "SHA-256 digest"), ("", "empty")],
)
def test_a_login_is_described_by_the_kind_of_its_secret(secret: str, kind: str):
    assert described(credential(secret=secret)).secret == kind


def test_a_login_of_a_provider_without_a_program_is_described_as_far_as_known():
    found = described(credential(key="stopwatch", base_url="https://stopwatch.example.org", api_key="word"))

    assert (found.auth, found.base_url_host, found.note) == (
        "unknown",
        "stopwatch.example.org",
        "cannot be collected from yet",
    )


def test_a_login_shows_the_address_that_its_provider_has_by_default():
    assert ["api.chronotrack.com", "api.hakuapp.com"] == [
        described(credential(key=key)).base_url_host for key in ("chronotrack_live", "haku")
    ]


def test_a_secret_that_looks_like_a_digest_is_one_for_chronotrack_live_only():
    refusal, digest = CredentialsRefused("HTTP 401"), "a" * 64
    live, haku = credential(secret=digest), credential(key="haku", secret=digest)

    assert ("sha256", "plain") == (sent_form(live), sent_form(haku))
    assert "store the password itself" in str(with_hint(refusal, live))
    assert with_hint(refusal, haku) is refusal


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (CredentialsRefused("HTTP 401"), "refused"),
        (ConfigError("auth oauth2 needs client_id"), "wrong settings"),
        (Transient("no answer in time"), "unreachable"),
        (Throttled("too many calls"), "unreachable"),
        (Permanent("HTTP 418"), "unexpected answer"),
        (UsageError("cannot be collected from"), "not tested"),
    ],
)
def test_each_failure_of_a_login_has_a_state_of_its_own_and_says_what_was_wrong(error: HubError, state: str):
    found, remedy = judged(error)

    assert found == state
    assert str(error) in remedy


def test_the_default_provider_comes_before_others_and_the_only_one_needs_no_name():
    live, haku = credential(), credential(key="haku")

    assert chosen([haku, live], PARTNER) is live
    assert chosen([haku], PARTNER) is haku
    with pytest.raises(UsageError, match="haku, runsignup: choose with --provider"):
        chosen([haku, credential(key="runsignup")], PARTNER)
    with pytest.raises(ConfigError, match="credentials set --timing-partner-id 1"):
        chosen([], PARTNER)


def test_an_event_is_worth_asking_until_the_provider_gives_it_up_and_for_results_once_it_has_started():
    assert worth_asking(event(), None)
    assert worth_asking(event(), NOON)
    assert not worth_asking(event(), NOON - timedelta(seconds=1))
    assert worth_asking(event(start_date=None), NOON)
    assert not worth_asking(event(upstream_state="archived"), None)
    assert not worth_asking(event(provider_event_id=None), None)


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_table_on_a_narrow_terminal_shows_every_letter(monkeypatch: pytest.MonkeyPatch):
    shown = Terminal()
    monkeypatch.setattr(sys, "stdout", shown)
    monkeypatch.setenv("COLUMNS", "40")
    print_table(("finish time", "its finish time"), [("2026-05-02T11:20:00+00:00", "2026-05-02T11:20:01+00:00")])
    cells = [[cell.strip() for cell in line.split("│")[1:3]] for line in shown.getvalue().splitlines() if "│" in line]
    whole = ["".join(each) for each in zip(*cells, strict=True)]
    assert ["2026-05-02T11:20:00+00:00", "2026-05-02T11:20:01+00:00"] == whole
