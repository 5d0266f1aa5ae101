"""What a season of one race on two sources must look like in the database after every step. Reads no database."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from project88.sandbox import ChangeTime, RemoveEntry, Restore, SetStatus, World
from project88.sandbox.entities import Entry
from tests.integration.fields import HARDWARE, LIVE

RUNNERS = 24
#: The first of the field have no number at the hardware; of the next ones only people decide. The rest is corrected.
LIVE_ONLY, DECIDED_ON = 4, 4
VANISHING = 12
#: The hardware sees everybody cross so much earlier than the provider says.
EARLIER_MS = 500
PENALTY_MS = 30_000
#: The share of decisions that take an earlier one back.
UNDONE = 0.4
#: The event of the provider is stored first.
LIVE_EVENT, HARDWARE_EVENT = "p1", "p2"
BY = ("--by", "Race director", "--reason", "seen")
STATUSES = {"CONF": "confirmed", "DQ": "dq"}

#: What is looked at: together all that the steps may change.
LOOKS: Mapping[str, str] = {
    "events": "select event_id, data_source from ct_events",
    "pairs": "select decision, decided_by from event_sources",
    "entries": "select event_id, data_source, entry_id, bib_number, declared_status from ct_participants"
    " where retracted_at is null",
    "results": "select event_id, data_source, entry_id, bib_number, (extract(epoch from chip_time) * 1000)::int,"
    " overall_place, result_status from ct_results where retracted_at is null",
    "decisions": "select kind, bib_number, undone_at is not null from timing.decisions",
    "scorings": "select is_stale from timing.scorings",
    "retractions": "select stream, cardinality(keys), state from held_retractions where state in ('held', 'applied')",
    "shown": "select event_id, participant_id, data_source, bib_number, first_name || ' ' || last_name, city,"
    " (extract(epoch from chip_time) * 1000)::int, overall_place, result_status from unified_results",
}
Kind = Literal["sync", "vanish", "return", "retract", "merge", "undo", "decide", "score"]
#: Counted, so that nothing is there twice.
State = Mapping[str, Counter[tuple[Any, ...]]]


Story = Sequence[Kind | Literal["join"]]
#: What belongs together; in which order is a matter of chance.
STORIES: Sequence[Story] = (
    *[["sync"], ["join"]] * 4,
    *[["decide", "score"]] * 3,
    ["vanish", "retract", "retract", "return"],
)


class Result(NamedTuple):
    bib: str
    chip_ms: int
    place: int | None
    status: str


class Decision(NamedTuple):
    kind: str
    bib: str
    is_undone: bool


class Step(NamedTuple):
    """A command, and what is true when it is done. ``number``: a question whose answer is its last argument.

    ``between``: what may be true instead, when it began and is not done.
    """

    kind: Kind
    arguments: tuple[str, ...]
    after: Truth
    number: str | None = None
    between: tuple[Truth, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """Of the hardware's start list."""

    entry_id: str
    bib: str
    name: str
    chip_ms: int


@dataclass(frozen=True, slots=True)
class Truth:
    """``entries`` and ``live``: the provider's as the hub has them, by entry id. ``penalties``: as they were scored."""

    persons: Mapping[str, Person]
    names: Mapping[str, str]
    entries: Mapping[str, tuple[str, str]]
    live: Mapping[str, Result]
    is_merged: bool = False
    decisions: tuple[Decision, ...] = ()
    penalties: Mapping[str, int] = field(default_factory=dict)
    is_stale: bool = False
    retractions: tuple[tuple[str, int, str], ...] = ()

    def standing(self, kind: str) -> set[str]:
        return {each.bib for each in self.decisions if each.kind == kind and not each.is_undone}

    def state(self) -> State:
        live_event = HARDWARE_EVENT if self.is_merged else LIVE_EVENT
        hardware = self.hardware()
        return {
            "events": Counter([(HARDWARE_EVENT, HARDWARE), *([] if self.is_merged else [(LIVE_EVENT, LIVE)])]),
            "pairs": Counter([("merged", "Race director") if self.is_merged else ("review", None)]),
            "entries": Counter(
                [
                    *((HARDWARE_EVENT, HARDWARE, who.entry_id, who.bib, "confirmed") for who in self.persons.values()),
                    *((live_event, LIVE, entry_id, *said) for entry_id, said in self.entries.items()),
                ]
            ),
            "results": Counter(
                [
                    *((HARDWARE_EVENT, HARDWARE, self.persons[bib].entry_id, *row) for bib, row in hardware.items()),
                    *((live_event, LIVE, entry_id, *row) for entry_id, row in self.live.items()),
                ]
            ),
            "decisions": Counter(map(tuple, self.decisions)),
            "scorings": Counter([(self.is_stale,)]),
            "retractions": Counter(self.retractions),
            "shown": Counter(self.shown(live_event, hardware)),
        }

    def hardware(self) -> dict[str, Result]:
        times = {bib: each.chip_ms + self.penalties.get(bib, 0) for bib, each in self.persons.items()}
        order = sorted(times, key=times.__getitem__)
        return {bib: Result(bib, times[bib], place, "finished") for place, bib in enumerate(order, 1)}

    def shown(self, live_event: str, hardware: Mapping[str, Result]) -> Iterator[tuple[Any, ...]]:
        """One row per person: the hardware's, but a disqualification of the provider counts where nobody decided."""
        decided, cities = self.standing("time_adjusted"), self.standing("field_set")
        by_bib = {row.bib: row for row in self.live.values()} if self.is_merged else {}
        for bib, person in self.persons.items():
            other = by_bib.get(bib)
            takes_other = other is not None and other.status == "dq" and bib not in decided
            row, source = (other, LIVE) if other is not None and takes_other else (hardware[bib], HARDWARE)
            city = "Bend" if bib in cities else None
            yield HARDWARE_EVENT, person.entry_id, source, bib, person.name, city, *row[1:]
        for entry_id, row in self.live.items():
            if not (self.is_merged and row.bib in self.persons):
                yield live_event, entry_id, LIVE, row.bib, self.names[entry_id], None, *row[1:]


def at_provider(world: World) -> tuple[dict[str, tuple[str, str]], dict[str, Result]]:
    """The entries, and the results with their places; who is disqualified has none."""
    here = [entry for _, entry in world.entries.values() if not entry.is_removed]
    placed = sorted((each for each in here if each.status == "CONF"), key=_chip_ms)
    places = {each.entry_id: place for place, each in enumerate(placed, 1)}
    return (
        {each.entry_id: (each.bib, STATUSES[each.status]) for each in here},
        {
            each.entry_id: Result(
                each.bib, _chip_ms(each), places.get(each.entry_id), "finished" if each.status == "CONF" else "dq"
            )
            for each in here
        },
    )


def _chip_ms(entry: Entry) -> int:
    assert entry.elapsed_ms[0] is not None
    return entry.elapsed_ms[0]


class Season:
    """Steps without end, each of them possible after the one before it. Edits the provider's world on the way."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self.world = world
        self._chance = chance
        self._event = next(iter(world.events))
        entries = [entry for _, entry in world.entries.values()]
        self._corrected = [each.entry_id for each in (*entries[:LIVE_ONLY], *entries[LIVE_ONLY + DECIDED_ON :])]
        self._decided_on = [each.bib for each in entries[LIVE_ONLY : LIVE_ONLY + DECIDED_ON]]
        names = {each.entry_id: f"{each.first_name} {each.last_name}" for each in entries}
        persons = {
            each.bib: Person(f"h{each.bib}", each.bib, names[each.entry_id], _chip_ms(each) - EARLIER_MS)
            for each in entries[LIVE_ONLY:]
        }
        listed, live = at_provider(world)
        self.truth = Truth(persons=persons, names=names, entries=listed, live=live)
        self._deck: list[Story] = []
        self._ahead: list[Kind | Literal["join"]] = []

    def next(self) -> Step:
        """The truth is that of before until ``done`` is called."""
        if not self._ahead:
            self._deck = self._deck or self._chance.sample(STORIES, len(STORIES))
            self._ahead = list(self._deck.pop())
        return getattr(self, f"_{self._ahead[0]}")()

    def done(self, step: Step) -> None:
        self.truth = step.after
        self._ahead.pop(0)

    def _sync(self) -> Step:
        for _ in range(self._chance.randint(1, 3)):
            self._correct(self._chance.choice(self._corrected))
        return self._synced("sync")

    def _synced(self, kind: Kind) -> Step:
        entries, live = at_provider(self.world)
        after = replace(self.truth, entries=entries, live=live)
        return Step(kind, ("sync", "results", "--timing-partner-id", "1", "--event", self._event), after)

    def _correct(self, entry_id: str) -> None:
        _, entry = self.world.entries[entry_id]
        removed = sum(each.is_removed for _, each in self.world.entries.values())
        if entry.is_removed:
            self.world.apply(Restore(entry_id=entry_id))
            return
        edit = self._chance.choice(["time", "time", "dq", "conf", "remove"])
        if edit == "time":
            self.world.apply(ChangeTime(entry_id=entry_id, seconds=self._chance.randint(1_800_000, 2_700_000) / 1000))
        elif edit == "remove" and removed < 3:
            self.world.apply(RemoveEntry(entry_id=entry_id))
        else:
            self.world.apply(SetStatus(entry_id=entry_id, status="DQ" if edit == "dq" else "CONF"))

    def _vanish(self) -> Step:
        """More than a fifth at once: what is gone stays until a person says so."""
        gone = [entry_id for entry_id in self._corrected if entry_id in self.truth.live][:VANISHING]
        self.world.apply(*(RemoveEntry(entry_id=entry_id) for entry_id in gone))
        step = self._synced("vanish")
        kept = replace(
            step.after,
            entries={**step.after.entries, **{each: self.truth.entries[each] for each in gone}},
            live={**step.after.live, **{each: self.truth.live[each] for each in gone}},
            retractions=(
                *self.truth.retractions,
                *((stream, VANISHING, "held") for stream in ("results", "participants")),
            ),
        )
        return step._replace(after=kept)

    def _retract(self) -> Step:
        """First the results, then the entries."""
        entries, live = at_provider(self.world)
        is_first = len(self.truth.live) > len(live)
        stream = "results" if is_first else "participants"
        decided = [(*each[:2], "applied" if each[0] == stream else each[2]) for each in self.truth.retractions]
        after = replace(
            self.truth, live=live, entries=self.truth.entries if is_first else entries, retractions=tuple(decided)
        )
        number = f"select held_retraction_id from held_retractions where state = 'held' and stream = '{stream}'"
        return Step("retract", ("retractions", "apply"), after, number)

    def _return(self) -> Step:
        removed = [each for _, each in self.world.entries.values() if each.is_removed]
        self.world.apply(*(Restore(entry_id=each.entry_id) for each in removed))
        return self._synced("return")

    def _join(self) -> Step:
        kind: Kind = "undo" if self.truth.is_merged else "merge"
        # An event whose entries are other ones is to be scored anew.
        after = replace(self.truth, is_merged=not self.truth.is_merged, is_stale=True)
        return Step(kind, ("duplicates", kind, self._event, *BY[: 4 if kind == "merge" else 2]), after)

    def _decide(self) -> Step:
        kind = self._chance.choice(["time_adjusted", "field_set"])
        free = [bib for bib in self._decided_on if bib not in self.truth.standing(kind)]
        stands = any(not each.is_undone for each in self.truth.decisions)
        if not free or (stands and self._chance.random() < UNDONE):
            return self._undecide()
        what = (
            ("--seconds", f"{PENALTY_MS / 1000:g}")
            if kind == "time_adjusted"
            else ("--field", "city", "--value", "Bend")
        )
        bib = self._chance.choice(free)
        after = replace(
            self.truth,
            decisions=(*self.truth.decisions, Decision(kind, bib, is_undone=False)),
            is_stale=self.truth.is_stale or kind == "time_adjusted",
        )
        return Step("decide", ("decisions", "add", HARDWARE_EVENT, kind, "--bib", bib, *what, *BY), after)

    def _undecide(self) -> Step:
        place = next(at for at, each in enumerate(self.truth.decisions) if not each.is_undone)
        decisions = list(self.truth.decisions)
        undone = decisions[place]
        decisions[place] = undone._replace(is_undone=True)
        after = replace(self.truth, decisions=tuple(decisions), is_stale=True)
        number = (
            "select decision_id from timing.decisions where undone_at is null"
            f" and (kind, bib_number) = ('{undone.kind}', '{undone.bib}')"
        )
        return Step("decide", ("decisions", "undo", HARDWARE_EVENT, *BY[:2]), after, number)

    def _score(self) -> Step:
        penalties = dict.fromkeys(self.truth.standing("time_adjusted"), PENALTY_MS)
        after = replace(self.truth, penalties=penalties, is_stale=False)
        return Step("score", ("score", HARDWARE_EVENT), after, between=(replace(self.truth, is_stale=True),))
