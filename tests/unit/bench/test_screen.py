"""How long runners waited for a display, from what it showed. Follows no display."""

from __future__ import annotations

from bench.screen import Finish, Part, Waits, Watched, waits_of

TWELVE = [str(bib) for bib in range(1, 13)]
#: Bib n finished at n seconds and was read at once; the screen is asked every second.
FINISHES = {str(bib): Finish(read_at=float(bib), at_ms=bib * 1000) for bib in range(1, 40)}


def waits(wanted: list[str], *parts: tuple[float, list[str]], finishes: dict[str, Finish] = FINISHES) -> Waits:
    return waits_of(Watched(finishes, wanted, [Part(came_at, frozenset(bibs)) for came_at, bibs in parts]))


def test_a_runner_waits_until_the_first_part_that_shows_him() -> None:
    assert waits(["12"], (11.5, TWELVE[:-1]), (12.5, TWELVE), (13.5, TWELVE)) == Waits(shown=[0.5])


def test_one_whom_twelve_later_finishers_pushed_out_between_two_parts_waited_for_the_second() -> None:
    later = [str(bib) for bib in range(20, 32)]

    assert waits(["15"], (14.5, TWELVE), (31.0, later)) == Waits(passed=[16.0])


def test_a_part_that_is_behind_passes_nobody_over() -> None:
    assert waits(["15"], (16.0, TWELVE)) == Waits(missing=1)
    assert waits(["15"], (16.0, ["20"])) == Waits(missing=1)


def test_a_read_that_comes_when_twelve_later_finishers_stand_there_is_too_late() -> None:
    finishes = FINISHES | {"0": Finish(read_at=20.0, at_ms=500)}

    assert waits(["0"], (19.0, TWELVE), (21.0, TWELVE), finishes=finishes) == Waits(too_late=1)
