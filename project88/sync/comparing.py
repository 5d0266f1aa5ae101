"""Rows just read beside the known rows of the same list, in whatever order they come. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set

from project88.records.row_digests import NOBODY, RowDigests

#: Known rows are looked for up to so many rows further on, which bounds the memory. A row that moved further is read
#: anew for nothing.
ROWS_AHEAD = 1 << 18
#: More new rows than this, and than a quarter of the known ones, concern nearly everybody: comparing gains nothing.
NEW_ROWS_AT_MOST = 5000
NEW_SHARE_AT_MOST = 0.25


class RowComparison:
    """Take every page in order, then ``conclude``. The first ``equal`` rows were read and equal the known ones."""

    def __init__(self, known: RowDigests, equal: int) -> None:
        self.read = RowDigests(known.digests[:equal], known.owners[:equal])
        #: Whose rows are new or gone.
        self.touched: Set[int] = frozenset()
        #: Whether somebody has no row any more.
        self.somebody_vanished = False
        self._known = known
        self._seen_ahead = equal
        self._unseen: dict[int, int] = {}
        self._new: dict[int, int] = {}
        self._owners_of_copies: set[int] = set()

    @property
    def are_too_many(self) -> bool:
        return len(self._new) > max(NEW_ROWS_AT_MOST, len(self._known) * NEW_SHARE_AT_MOST)

    def take(self, digests: Sequence[int], owners_of: Callable[[Sequence[int]], Sequence[int]]) -> None:
        """The rows of the next page. ``owners_of`` tells whose the rows at these places of the page are."""
        self._look_ahead(len(self.read) + len(digests) + ROWS_AHEAD)
        unseen = self._unseen
        owners = [unseen.pop(digest, None) for digest in digests]
        new = [place for place, owner in enumerate(owners) if owner is None]
        for place, owner in zip(new, owners_of(new), strict=True):
            owners[place] = owner
            self._add_new(digests[place], owner)
        self.read.digests.extend(digests)
        self.read.owners.extend(owner for owner in owners if owner is not None)

    def conclude(self) -> None:
        self._look_ahead(len(self._known))
        gone = set(self._unseen.values()) - {NOBODY}
        self.touched = (gone | set(self._new.values()) | self._owners_of_copies) - {NOBODY}
        self.somebody_vanished = bool(gone and gone.difference(self.read.owners))
        self._known, self._unseen, self._new = RowDigests(), {}, {}

    def _add_new(self, digest: int, owner: int) -> None:
        """The second copy of a row is new even where the first one turns out to be known."""
        if digest in self._new:
            self._owners_of_copies.add(owner)
        self._new[digest] = owner

    def _look_ahead(self, until: int) -> None:
        """Wait for more of the known rows; some may have come before their place."""
        part = slice(self._seen_ahead, until)
        digests = self._known.digests[part]
        self._unseen.update(zip(digests, self._known.owners[part], strict=True))
        for digest in self._new.keys() & digests:
            del self._unseen[digest], self._new[digest]
        self._seen_ahead += len(digests)
