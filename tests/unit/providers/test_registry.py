"""The registry tells the truth: what it calls working is collected, received or imported, and the rest is planned."""

from __future__ import annotations

import tomllib
from pathlib import Path

from project88.providers.catalogue import CATALOGUE
from project88.providers.registry import REGISTRY

MARKS = tomllib.loads((Path(__file__).resolve().parents[3] / "scripts/reference/providers.toml").read_text())
#: What reaches the hub without being asked for.
NOT_POLLED = {"chronotrack_tcp", "csv_xlsx", "chronotrack_file", "race_result"}


def test_working_is_what_the_catalogue_collects_from_and_what_comes_by_itself_or_in_files():
    working = {key for key, source in REGISTRY.items() if source.status == "working"}

    assert working == set(CATALOGUE) | NOT_POLLED
    assert all(REGISTRY[key].capabilities and REGISTRY[key].tried_with for key in working)


def test_a_planned_source_claims_nothing():
    planned = [source for source in REGISTRY.values() if source.status == "planned"]

    assert len(planned) >= 5
    assert all(source.capabilities == () and source.tried_with == "" for source in planned)


def test_a_working_provider_has_nothing_left_to_do_but_the_real_service():
    for key in CATALOGUE:
        assert {"live_service"} == {rule for rule, mark in MARKS["providers"][key].items() if "todo" in mark}, key
