"""Which entries of a list must be asked for one by one, by their rows and by the order of the rows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def to_ask(
    listed: Mapping[str, int], known: Mapping[str, int], earlier: Sequence[str], *, changed_first: bool
) -> list[str]:
    """The rows whose entries may have changed, in the order of the list.

    ``listed``: of each row now its digest, in the order of the list. ``known``: of each entry that was asked for. With
    ``changed_first`` a row ahead of where it stood is one that changed, and so may be the first of all.
    """
    keys = list(listed)
    ahead = {*moved_ahead(earlier, keys), *keys[:1]} if changed_first else set()
    return [key for key, digest in listed.items() if known.get(key) != digest or key in ahead]


def moved_ahead(earlier: Sequence[str], now: Sequence[str]) -> set[str]:
    """The shortest head of the list without which both are in the same order. Rows that are new do not count."""
    common = set(earlier)
    rest = [key for key in now if key in common]
    places = {key: place for place, key in enumerate(rest)}
    last = len(rest) - 1
    for key in reversed(earlier):
        if last >= 0 and rest[last] == key:
            last -= 1
        elif places.get(key, -1) > last:
            # It was passed already: both cannot be in one order from here on.
            break
    return set(rest[: last + 1])


def next_in_turn(lacks_bib: Mapping[str, bool], last: str | None, count: int) -> list[str]:
    """So many whose turn it is, after the one that was last: first all without a bib, then the others, then again."""
    if count <= 0:
        return []
    order = sorted(lacks_bib, key=lambda key: (not lacks_bib[key], key))
    first = order.index(last) + 1 if last is not None and last in lacks_bib else 0
    return [*order[first:], *order[:first]][:count]
