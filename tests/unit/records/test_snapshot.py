"""What a reading may replace."""

from __future__ import annotations

from project88.records.snapshot import NO_AUTHORITY, Authority


def test_authority_over_one_race_joins_authority_over_another() -> None:
    joined = Authority(finish_races=frozenset({"51"}), gender_races=frozenset({"51"})) | Authority(
        finish_races=frozenset({"52"}), every_split=True
    )

    assert Authority(finish_races=frozenset({"51", "52"}), gender_races=frozenset({"51"}), every_split=True) == joined


def test_no_authority_adds_nothing() -> None:
    some = Authority(split_keys=frozenset({"602"}), division_races=frozenset({"51"}), every_finish=True)

    assert some == some | NO_AUTHORITY
    assert some == NO_AUTHORITY | some
