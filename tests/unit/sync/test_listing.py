"""Entries that need a call each: who is asked because a row says so, and whose turn it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from project88.sync.listing import moved_ahead, next_in_turn, to_ask

KNOWN = {"a": 1, "b": 2, "c": 3}


def test_new_and_changed_rows_are_asked_for_in_the_order_of_the_list():
    listed = {"d": 4, "a": 1, "b": 20, "c": 3}

    assert ["d", "b"] == to_ask(listed, KNOWN, ["a", "b", "c"], changed_first=False)


def test_where_the_changed_come_first_who_moved_ahead_is_asked_for_and_the_first_always():
    assert ["a"] == to_ask(KNOWN, KNOWN, ["a", "b", "c"], changed_first=True)
    assert ["c"] == to_ask({"c": 3, "a": 1, "b": 2}, KNOWN, ["a", "b", "c"], changed_first=True)
    assert ["d", "c"] == to_ask({"d": 4, "c": 3, "a": 1, "b": 2}, KNOWN, ["a", "b", "c"], changed_first=True)


@given(
    st.permutations(list("abcdefgh")),
    st.lists(st.sampled_from("abcdefgh"), max_size=6),
    st.sets(st.sampled_from("abcdefgh")),
)
def test_whoever_changed_is_ahead_unless_the_order_stayed(earlier: list[str], changed: list[str], gone: set[str]):
    """The list has who changed last first, and lacks who is gone."""
    now = [key for key in earlier if key not in gone]
    for key in changed:
        if key in now:
            now.remove(key)
            now.insert(0, key)
    ahead = moved_ahead(earlier, now)
    rest = [key for key in now if key not in ahead]

    assert rest == [key for key in earlier if key in set(rest)]
    assert [key for key in now if key in ahead] == now[: len(ahead)]


def test_turns_begin_with_those_without_a_bib_and_go_round():
    lacks = {"a": False, "b": True, "c": False, "d": True}

    assert ["b", "d", "a"] == next_in_turn(lacks, None, 3)
    assert ["c", "b"] == next_in_turn(lacks, "a", 2)
    assert ["b", "d"] == next_in_turn(lacks, "somebody who left", 2)
    assert [] == next_in_turn(lacks, "a", 0)
    assert [] == next_in_turn({}, "a", 5)


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.booleans(), max_size=12), st.integers(1, 5))
def test_everybody_has_a_turn(lacks: dict[str, bool], count: int):
    asked: set[str] = set()
    last = None
    for _ in range(len(lacks)):
        turn = next_in_turn(lacks, last, count)
        asked.update(turn)
        last = turn[-1] if turn else None

    assert asked == set(lacks)
