"""The keys of additional_config."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from project88.errors import ConfigError
from project88.providers.chronotrack_live.settings import read_settings

SECRET = "tulip-mania-1637"


def test_the_defaults_are_the_documented_ones() -> None:
    found = read_settings({})

    assert (
        found.base_url, found.timeout, found.rate_limit, found.page_size, found.auth, found.client_id,
        found.client_secret, found.secret_encoding, found.max_concurrency
    ) == (
        "https://api.chronotrack.com/api", 30, 1500, 500, "simple", None, None, "auto", 4
    )  # fmt: skip


def test_every_key_is_read() -> None:
    config = {
        "base_url": "https://qa-api.chronotrack.com/api",
        "timeout": 12.5,
        "rate_limit": 600,
        "page_size": 1000,
        "auth": "oauth2",
        "client_id": "an id",
        "client_secret": SECRET,
        "secret_encoding": "plain",
        "max_concurrency": 2,
    }

    found = read_settings(config)

    assert config == {key: getattr(found, key) for key in config}


def test_numbers_may_be_written_as_text() -> None:
    found = read_settings({"timeout": "30", "rate_limit": "1500", "page_size": "250"})

    assert (found.timeout, found.rate_limit, found.page_size) == (30, 1500, 250)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("timeout", 0), ("timeout", -1), ("timeout", SECRET), ("timeout", None), ("timeout", "inf"), ("timeout", True),
        ("rate_limit", 0), ("rate_limit", -5), ("rate_limit", "nan"), ("rate_limit", "inf"), ("rate_limit", [SECRET]),
        ("page_size", 0), ("page_size", -1), ("page_size", 2.5), ("page_size", SECRET), ("page_size", 10**400),
        ("max_concurrency", 0), ("max_concurrency", -4), ("max_concurrency", "many"),
        ("auth", SECRET), ("auth", "it's at `$.x`"), ("auth", None), ("auth", 5),
        ("secret_encoding", SECRET), ("secret_encoding", "md5"),
        ("client_id", 5), ("client_secret", [SECRET]), ("client_secret", {"a": SECRET}),
        ("base_url", None), ("base_url", 5),
        ("bas_url", SECRET), ("password", SECRET), ("Auth", "simple"),
    ],
)  # fmt: skip
def test_a_wrong_setting_names_its_key_and_never_its_value(key: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings({key: value})

    message = str(caught.value)
    assert key in message
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert "it's" not in message


@pytest.mark.parametrize(
    "url",
    [
        "https://api.chronotrack.com/api", "https://api.chronotrack.com:443/api/", "HTTPS://service.example",
        "http://127.0.0.1:8080/api", "http://127.8.9.1/api", "http://localhost:8080/api", "http://[::1]:8080/api",
    ],
)  # fmt: skip
def test_https_and_plain_http_to_loopback_are_taken(url: str) -> None:
    assert url == read_settings({"base_url": url}).base_url


@pytest.mark.parametrize(
    "url",
    [
        "http://api.chronotrack.com/api", "http://10.0.0.1/api", "http://127.0.0.1.service.example/api",
        "http://localhost.service.example/api", "http://0.0.0.0/api", "ftp://127.0.0.1/api", "api.chronotrack.com/api",
        "//api.chronotrack.com/api", "", "https://", "https://[::1", "https://service.example:port/api",
        "https://service.example:99999/api", " https://service.example/api", "https://service.example/a b",
        "https://service.example/a\nb", f"https://user:{SECRET}@service.example/api", f"https://{SECRET}@service.example/api",
        f"https://service.example/api?user_pass={SECRET}", f"https://service.example/api#{SECRET}",
        f"http://{SECRET}.example/api", f"https://{SECRET}:port/api",
    ],
)  # fmt: skip
def test_an_address_that_is_not_safe_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(ConfigError, match="base_url") as caught:
        read_settings({"base_url": url})

    assert SECRET not in "".join(traceback.format_exception_only(caught.value))


def test_settings_do_not_show_the_client_secret() -> None:
    assert SECRET not in repr(read_settings({"client_secret": SECRET}))
    assert SECRET not in str([read_settings({"client_secret": SECRET})])
