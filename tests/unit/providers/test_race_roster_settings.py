"""The keys of additional_config."""

from __future__ import annotations

import traceback
from datetime import date
from typing import Any

import pytest

from project88.errors import ConfigError
from project88.providers.race_roster.settings import DEFAULT_FIELDS, read_settings
from tests.race_roster_samples import CLIENT, configured

SECRET = "tulip-mania-1637"


def refusal(**config: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        configured(**config)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    return str(caught.value)


def test_the_defaults_are_the_documented_ones() -> None:
    found = configured()

    assert (found.base_url, found.authorize_url, found.results_url) == (
        "https://raceroster.com/api/v1",
        "https://raceroster.com/api/oauth/authorize",
        "https://results.raceroster.com/v2/api",
    )
    assert (found.timeout, found.rate_limit, found.max_concurrency, found.page_size) == (30, 16.67, 2, 50)
    assert (found.events_from, found.results_from, found.results_page_size) == (None, "public", 1000)
    assert (
        found.participants_page_param, found.participants_size_param, found.participants_page_size,
        found.participants_since_param, found.cancelled_statuses
    ) == ("page", "perPage", 100, None, ("cancelled", "withdrawn", "refunded"))  # fmt: skip
    assert DEFAULT_FIELDS == found.participant_paths


def test_numbers_and_days_may_be_written_as_text() -> None:
    found = configured(timeout="9", results_page_size="250", participants_page_size="25", events_from="2025-01-31")

    assert (found.timeout, found.results_page_size, found.participants_page_size, found.events_from) == (
        9, 250, 25, date(2025, 1, 31)
    )  # fmt: skip


@pytest.mark.parametrize("missing", ["client_id", "client_secret"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_client_is_refused_with_the_place_where_it_is_shown(missing: str, value: str | None) -> None:
    assert "dashboard under account, API settings" in refusal(**{missing: value})
    with pytest.raises(ConfigError, match=missing):
        read_settings({key: said for key, said in CLIENT.items() if key != missing})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("timeout", 0), ("timeout", SECRET), ("rate_limit", -1), ("rate_limit", "nan"), ("page_size", 0),
        ("page_size", 2.5), ("max_concurrency", 0), ("participants_page_size", 0), ("participants_page_size", SECRET),
        ("results_page_size", 70), ("results_page_size", SECRET), ("results_from", SECRET), ("results_from", None),
        ("events_from", SECRET), ("events_from", "2025-1-31"), ("events_from", 2025), ("client_secret", [SECRET]),
        ("participants_page_param", ""), ("participants_page_param", f"{SECRET}&x=1"),
        ("participants_page_param", None),
        ("participants_size_param", "a b"), ("participants_since_param", ""), ("participants_since_param", "since="),
        ("cancelled_statuses", SECRET), ("cancelled_statuses", [1]), ("participant_fields", SECRET),
        ("participant_fields", {"bib": 5}), ("participant_fields", {"bib": []}), ("participant_fields", {"bib": ""}),
        ("participant_fields", {"bib": f"{SECRET}."}), ("participant_fields", {"bib": [f"{SECRET}..x"]}),
        ("participant_fields", {"shoe": SECRET}), ("bas_url", SECRET),
        ("base_url", f"http://{SECRET}.example"), ("authorize_url", f"https://a.example/?{SECRET}"),
        ("results_url", f"https://{SECRET}@a.example"),
    ],
)  # fmt: skip
def test_a_wrong_setting_names_its_key_and_never_its_value(key: str, value: Any) -> None:
    assert key in refusal(**{key: value})


@pytest.mark.parametrize(
    ("base", "public"),
    [
        ("https://a.example/api", "https://a.example/api"), ("https://a.example/api/", "https://a.example/api/v2"),
        ("https://a.example/v2/api/v1", "https://a.example/v2/api"),
    ],
)  # fmt: skip
def test_a_public_address_that_would_get_the_token_is_refused(base: str, public: str) -> None:
    assert "must not lie within one another" in refusal(base_url=base, results_url=public)


def test_two_addresses_of_one_host_are_taken() -> None:
    assert configured(base_url="http://127.0.0.1:8080/api/v1", results_url="http://127.0.0.1:8080/api/v10")


def test_one_parameter_cannot_have_two_meanings() -> None:
    assert "must be different names" in refusal(participants_page_param="limit", participants_size_param="limit")
    assert "must be different names" in refusal(participants_since_param="page")


def test_fields_that_are_given_take_the_place_of_the_guesses_and_the_others_stay() -> None:
    found = configured(participant_fields={"bib": "bibs", "state": ["address.state", "state"]}).participant_paths

    assert (found["bib"], found["state"]) == (("bibs",), ("address.state", "state"))
    assert {**found, "bib": ("bib",), "state": ("region.code", "region")} == DEFAULT_FIELDS


def test_an_unknown_field_is_answered_with_the_known_ones() -> None:
    assert "knows no 'shoe'; known: entry_id, registration, bib" in refusal(participant_fields={"shoe": "size"})


def test_settings_do_not_show_the_client_secret() -> None:
    assert CLIENT["client_secret"] not in repr([configured()])
