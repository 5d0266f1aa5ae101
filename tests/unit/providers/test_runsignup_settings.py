"""The keys of additional_config of a RunSignUp credential."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from project88.errors import ConfigError
from project88.providers.runsignup.settings import Settings, read_settings

SECRET = "tulip-mania-1637"


def test_the_defaults_are_the_documented_ones() -> None:
    assert read_settings({}) == Settings(
        base_url="https://api.runsignup.com/rest",
        timeout=30,
        rate_limit=60,
        page_size=2500,
        max_concurrency=2,
        auth="header",
        bearer_secret="refresh_token",
        races_from="2000-01-01",
        result_sets=(),
        no_results_codes=(301,),
    )


def test_every_key_is_read() -> None:
    config = {
        "base_url": "https://runsignup.com/Rest",
        "timeout": 12.5,
        "rate_limit": 15,
        "page_size": 50,
        "max_concurrency": 1,
        "auth": "bearer",
        "bearer_secret": "access_token",
        "client_secret": SECRET,
        "registration_id": "an-id",
        "registration_secret": SECRET,
        "races_from": "2024-02-29",
        "result_sets": ("Overall", 9101),
        "no_results_codes": (301, 402),
    }

    found = read_settings({**config, "result_sets": ["Overall", 9101], "no_results_codes": [301, "402"]})

    assert config == {key: getattr(found, key) for key in config}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("timeout", 0), ("rate_limit", -1), ("rate_limit", SECRET), ("page_size", 0), ("page_size", 2501),
        ("max_concurrency", 0), ("auth", SECRET), ("bearer_secret", SECRET), ("bearer_secret", None),
        ("races_from", "01/01/2000"), ("races_from", SECRET), ("races_from", "20000101"), ("races_from", ""),
        ("result_sets", SECRET), ("result_sets", [[SECRET]]), ("no_results_codes", [SECRET]),
        ("no_results_codes", [7]), ("no_results_codes", [301, 17]), ("no_results_codes", [200]),
        ("registration_id", [SECRET]), ("api_secret", SECRET),
    ],
)  # fmt: skip
def test_a_wrong_setting_names_its_key_and_never_its_value(key: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=key) as caught:
        read_settings({key: value})

    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "url", ["http://api.runsignup.com/rest", f"https://api.runsignup.com/rest?api_secret={SECRET}"]
)
def test_an_address_that_is_not_safe_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(ConfigError, match="base_url") as caught:
        read_settings({"base_url": url})

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "half",
    [
        {"registration_id": "an-id"}, {"registration_secret": SECRET},
        {"registration_id": "an-id", "registration_secret": ""}, {"registration_id": "", "registration_secret": SECRET},
        {"registration_id": None, "registration_secret": SECRET},
    ],
)  # fmt: skip
def test_half_a_registration_is_refused(half: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="registration_id and registration_secret belong together") as caught:
        read_settings(half)

    assert SECRET not in str(caught.value)


def test_settings_show_no_secret() -> None:
    found = read_settings({"client_secret": SECRET, "registration_id": "an-id", "registration_secret": SECRET})

    assert SECRET not in repr([found])
