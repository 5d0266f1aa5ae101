"""The keys of additional_config of a Haku credential."""

from __future__ import annotations

import traceback
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from project88.errors import ConfigError
from project88.providers.haku.settings import read_settings

SECRET = "tulip-mania-1637"


def test_the_defaults_are_the_documented_ones() -> None:
    found = read_settings({})

    assert (found.base_url, found.token_url, found.token_prefix) == (
        "https://api.hakuapp.com", "https://prod-auth.hakuapp.com/oauth2/token", ""
    )  # fmt: skip
    assert (found.timeout, found.page_size, found.max_concurrency, found.time_zone, found.bib_from) == (
        30, 25, 1, None, "tag_number"
    )  # fmt: skip
    assert pytest.approx(500) == found.rate_limit * 60
    assert found.zone() is None


def test_every_key_is_read() -> None:
    config = {
        "base_url": "http://127.0.0.1:8080",
        "token_url": "http://127.0.0.1:8080/oauth2/token",
        "token_prefix": "Bearer",
        "timeout": 12.5,
        "rate_limit": 600,
        "page_size": 100,
        "max_concurrency": 2,
        "time_zone": "America/New_York",
        "bib_from": "chip_number",
    }

    found = read_settings(config)

    assert config == {key: getattr(found, key) for key in config}
    assert ZoneInfo("America/New_York") == found.zone()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("timeout", 0), ("timeout", SECRET), ("rate_limit", -1), ("rate_limit", "nan"), ("page_size", 2.5),
        ("page_size", 0), ("max_concurrency", 0), ("bib_from", SECRET), ("bib_from", None), ("base_url", f"http://{SECRET}"),
        ("base_url", f"https://user:{SECRET}@service.example"), ("token_url", f"http://service.example/{SECRET}"),
        ("token_url", f"https://service.example/?{SECRET}"), ("token_url", ""), ("token_prefix", f"Bearer {SECRET}"),
        ("token_prefix", f"Bearer\r\nX: {SECRET}"), ("token_prefix", "é"), ("token_prefix", None),
        ("time_zone", SECRET), ("time_zone", f"../{SECRET}"), ("time_zone", f"/{SECRET}"), ("time_zone", "America"),
        ("time_zone", "a\0b"), ("time_zone", 5), ("client_secret", SECRET), ("orgs", [SECRET]),
    ],
)  # fmt: skip
def test_a_wrong_setting_names_its_key_and_never_its_value(key: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=key) as caught:
        read_settings({key: value})

    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_an_empty_time_zone_is_none() -> None:
    assert read_settings({"time_zone": ""}).zone() is None
