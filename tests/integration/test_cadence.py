"""The table of cadence rules: what it is seeded with, what it refuses, and that an operator's edits stay."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest
from psycopg.sql import SQL

from project88.errors import StoreError, UsageError
from project88.store.cadence import CadenceRule, cadence_rules, switch_tail
from project88.store.connection import Database
from project88.store.migrate import DATABASE_FOLDER, migrate
from tests.cadence_samples import EVERY_RULE

EDIT = SQL("update cadence_rules set every = '2 minutes', reason = 'ours' where phase = 'intensive'")
RULE = SQL("insert into cadence_rules (provider_key, kind, phase, {}, reason) values ('haku', {}, 'x', {}, 'why')")


def facts(rule: CadenceRule) -> dict[str, object]:
    """All that decides when a poll is due."""
    return {**dataclasses.asdict(rule), "reason": None}


def by_key(rules: list[CadenceRule]) -> dict[tuple[str, str, str], dict[str, object]]:
    return {(rule.provider_key, rule.kind, rule.phase): facts(rule) for rule in rules}


async def test_a_new_database_holds_the_cadence_of_the_users(db: Database):
    seeded = by_key(await cadence_rules(db))

    assert seeded == by_key(EVERY_RULE), "EVERY_RULE of tests/cadence_samples.py is not what is seeded"


async def test_an_operators_edits_survive_a_migration(db: Database, tmp_path: Path):
    folder = Path(shutil.copytree(DATABASE_FOLDER, tmp_path / "database"))
    changed = folder / "schema" / "065_cadence.sql"
    changed.write_text("-- a remark\n" + changed.read_text())
    await db.execute(EDIT)
    await switch_tail(db, "chronotrack_live", is_on=False)
    before = await cadence_rules(db)

    assert "schema/065_cadence.sql" in await migrate(db, folder)
    assert await cadence_rules(db) == before


async def test_the_tail_is_switched_as_a_whole_and_alone(db: Database):
    phases = await switch_tail(db, "chronotrack_live", is_on=False)
    off = [rule.phase for rule in await cadence_rules(db) if not rule.is_on]
    await switch_tail(db, "chronotrack_live", is_on=True)

    assert phases == sorted(off) == ["tail_daily", "tail_weekly"]
    assert all(rule.is_on for rule in await cadence_rules(db))


async def test_a_provider_without_a_tail_is_told_of(db: Database):
    with pytest.raises(UsageError, match="haku has no correction tail"):
        await switch_tail(db, "haku", is_on=False)


@pytest.mark.parametrize(
    ("kind", "columns", "values", "constraint"),
    [
        ("news", "anchor, begins", "'start', '1 h'", "cadence_kind_is_known"),
        ("results", "anchor, begins", "'gun', '1 h'", "cadence_anchor_is_known"),
        ("results", "anchor, begins, lane", "'start', '1 h', 'fast'", "cadence_lane_is_known"),
        ("results", "anchor, begins, ends, every", "'start', '1 h', '2 h', '0'", "a_second_apart"),
        ("results", "anchor, begins, ends, every", "'start', '1 h', '2 h', '-1 h'", "a_second_apart"),
        ("results", "anchor, begins, every", "'start', '1 h', '1 h'", "begins_and_repeats_until_an_end"),
        ("results", "anchor, begins, ends", "'start', '1 h', '2 h'", "begins_and_repeats_until_an_end"),
        ("results", "anchor, ends, every", "'start', '1 h', '1 h'", "begins_and_repeats_until_an_end"),
        ("results", "anchor, begins, at_times", "'start', '1 h', '{03:00}'", "go_with_the_clock"),
        ("results", "anchor, at_times", "'clock', '{03:00}'", "cadence_of_an_event_begins_and_ends"),
        ("discovery", "anchor, begins", "'start', '1 h'", "discovery_follows_the_clock"),
        ("discovery", "anchor", "'clock'", "times_of_day_or_a_distance"),
        ("discovery", "anchor, at_times, every", "'clock', '{03:00}', '1 h'", "times_of_day_or_a_distance"),
        ("discovery", "anchor, at_times", "'clock', '{}'", "times_of_day_are_named"),
        ("discovery", "anchor, every, weekdays", "'clock', '1 h', '{1}'", "weekdays_go_with_times"),
        ("discovery", "anchor, at_times, weekdays", "'clock', '{03:00}', '{0}'", "iso_numbers"),
        ("discovery", "anchor, at_times, weekdays", "'clock', '{03:00}', '{}'", "iso_numbers"),
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused(
    db: Database, kind: str, columns: str, values: str, constraint: str
):
    with pytest.raises(StoreError, match=constraint):
        await db.execute(RULE.format(SQL(columns), kind, SQL(values)))
