"""`project88 partner` as an operator types it, on a real database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hub_command import HubCommand


@pytest.fixture
def hub(database_url: str, tmp_path: Path) -> HubCommand:
    return HubCommand(database_url, tmp_path)


async def test_adding_a_partner_prints_its_number_alone_and_the_first_is_1(hub: HubCommand):
    first = await hub("partner", "add", "--name", "Summit Timing")
    refused = await hub("partner", "add", "--name", " Summit Timing ", "--time-zone", "America/Denver")
    second = await hub("partner", "add", "--name", "Ridge Timing", "--time-zone", "America/Denver")
    listed = await hub("partner", "list", "--json")

    assert (first.code, first.out) == (0, "1\n")
    assert refused.code == 2
    assert "'Summit Timing' exists already" in refused.err
    assert refused.out == ""
    assert second.out == "2\n"
    assert [(row["timing_partner_id"], row["company_name"], row["time_zone"]) for row in listed.json] == [
        (1, "Summit Timing", "UTC"),
        (2, "Ridge Timing", "America/Denver"),
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--name", "A", "--time-zone", "america/denver"), "did you mean America/Denver?"),
        (("--name", "A", "--time-zone", "../etc/passwd"), "is not known"),
        (("--name", "  "), "--name must be readable text"),
    ],
)
async def test_a_partner_that_cannot_be_is_a_usage_error(hub: HubCommand, arguments: tuple[str, ...], said: str):
    refused = await hub("partner", "add", *arguments)

    assert refused.code == 2
    assert said in refused.err
    assert refused.out == ""


async def test_a_list_without_partners_says_how_to_add_one(hub: HubCommand):
    listed = await hub("partner", "list")

    assert listed.code == 0
    assert "project88 partner add" in listed.out
