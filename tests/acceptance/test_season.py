"""A season of two timing partners in the sandbox, with all that happens to results. It ends with exactly these rows.

Events come from the hardware and from ChronoTrack Live in both orders; people decide, correct and take back. Commands
are typed where a person would type them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from project88.sandbox import ChangeTime, RemoveEntry, Restore, SetStatus
from project88.store import monitor
from project88.store.duplicates import LIKENESS
from project88.store.merging import settle_all
from tests.acceptance.season_hub import SeasonHub, season_hub
from tests.acceptance.season_world import (
    CITY_HARDWARE,
    FAR,
    NEAR,
    RIVER,
    SUMMIT,
    change_race,
    entry_of,
    swap_bibs,
)
from tests.acceptance.test_deployment_page import DUPLICATES
from tests.integration.fields import HARDWARE, LIVE

#: Partner, event, race, bib, name, chip time, place, status, whose time it is, state.
EXPECTED = """
1 | city  MARATHON | Marathon | 11  | Ada Bergh | 03:10:00 | 1 | finished | tcp_hardware     | provisional
1 | city  MARATHON | Marathon | 12  | BO DAHL   | 03:20:00 | 2 | finished | tcp_hardware     | provisional
1 | city  MARATHON | Marathon | 13  | Cleo Lund | 03:30:00 | 3 | finished | tcp_hardware     | provisional
1 | city  MARATHON | Marathon | 14  | Eli Noor  | 03:40:00 | 4 | finished | tcp_hardware     | provisional
1 | city  MARATHON | Marathon | 15  | Dora Moe  | 03:50:00 | 5 | finished | tcp_hardware     | provisional
1 | city  MARATHON | Marathon | 17  | Gro Píhl  | 04:10:00 | 6 | finished | tcp_hardware     | provisional
1 | city  MARATHON | Marathon | 18  | Hal Rask  | 04:15:00 | 7 | finished | tcp_hardware     | provisional
1 | city  MARATHON | Marathon | 19  | Ida Sand  | 04:20:01 | 7 | finished | chronotrack_live | provisional
1 | city  MARATHON | 10 k     | 16  | Finn Oie  | 04:00:00 | 2 | finished | tcp_hardware     | provisional
1 | city  MARATHON | 10 k     | 21  | Jon Tveit | 00:40:00 | - | dq       | tcp_hardware     | provisional
1 | city  MARATHON | 10 k     | 22  | Kari Ulv  | 00:45:00 | 1 | finished | tcp_hardware     | provisional
1 | SUMMER MILE    | Mile     | 31  | Lea Aas   | 00:05:01 | 1 | finished | chronotrack_live | settled
1 | SUMMER MILE    | Mile     | 32  | Mio Bak   | 00:05:31 | 2 | finished | chronotrack_live | settled
1 | SUMMER MILE    | Mile     | 33  | Nia Cho   | 00:05:40 | 2 | finished | tcp_hardware     | settled
1 | River Mile     | Mile     | 51  | Rui Fox   | 00:06:01 | 1 | finished | chronotrack_live | settled
1 | Night Run      | Run      | 61  | Siv Gad   | 00:30:01 | 1 | finished | chronotrack_live | settled
1 | NIGHT RUN      | Run      | 61  | Siv Gad   | 00:30:00 | 1 | finished | tcp_hardware     | settled
1 | São Paulo Run  | Run      | 71  | Tor Hoel  | 00:50:01 | 1 | finished | chronotrack_live | settled
1 | Hill Climb     | Run      | 81  | Una Ims   | 00:15:01 | 1 | finished | chronotrack_live | settled
1 | Moor Run       | Run      | 82  | Vig Jor   | 00:16:01 | 1 | finished | chronotrack_live | settled
1 | Dawn Run       | Run      | 83  | Wy Kro    | 00:17:01 | 1 | finished | chronotrack_live | settled
1 | Bridge Run     | Run      | 84  | Xi Lov    | 00:18:01 | 1 | finished | chronotrack_live | settled
2 | City Marathon  | Marathon | 101 | Runner 1  | 00:30:00 | 1 | finished | chronotrack_live | settled
2 | City Marathon  | Marathon | 102 | Runner 2  | 00:31:00 | 2 | finished | chronotrack_live | settled
2 | City Marathon  | Marathon | 103 | Runner 3  | 00:32:00 | 3 | finished | chronotrack_live | settled
2 | valley  run    | Run      | 41  | Ola Dun   | 00:20:01 | 1 | finished | chronotrack_live | settled
2 | valley  run    | Run      | 42  | Pia Eid   | 00:21:01 | 2 | finished | chronotrack_live | settled
"""


async def test_a_season_ends_with_exactly_these_rows_and_every_decision_is_explained_and_undone(
    database_url: str, tmp_path: Path
):
    async with season_hub(database_url, tmp_path) as hub:
        await hardware_first(hub)
        await live_first(hub)
        await people_decide(hub)
        await sources_are_one(hub)
        await corrections(hub)
        await much_vanishes_at_once(hub)
        await scoring_again_and_a_late_correction(hub)
        await the_end(hub)
        await every_decision_is_explained(hub)
        await every_field_and_every_change_is_explained(hub)
        await the_past_is_as_it_was(hub)


async def hardware_first(hub: SeasonHub) -> None:
    """Before any call is spent on an event, the database is asked whether the hardware has it."""
    for name, later in (
        ("city  MARATHON", timedelta()),
        ("Lake Run", NEAR),
        ("Fen Run", -NEAR),
        ("Hill Climb", FAR),
        ("Moor Run", -FAR),
        ("SAO PAULO RUN", timedelta()),
        ("NIGHT RUN", timedelta()),
        ("Forest Trail 2025", timedelta()),
        ("River Mile", timedelta()),
        ("Coast Run", timedelta()),
    ):
        await hub.add_hardware(SUMMIT, name, later)
    for name in ("valley  run", "Park Run", "Hill Climb"):
        await hub.add_hardware(RIVER, name)
    await hub.look("update ct_events set start_date = null where event_name = 'Coast Run'")
    await hub.type("duplicates", "rule", "merged", "--timing-partner-id", str(RIVER))
    await hub.score(SUMMIT, "city  MARATHON", {"m": "Marathon", "t": "10 k"}, CITY_HARDWARE)
    await hub.score(SUMMIT, "NIGHT RUN", {"r": "Run"}, {"Run": "61 Siv Gad 0:30:00"})
    await hub.score(RIVER, "valley  run", {"r": "Run"}, {"Run": "41 Ola Dun 0:20:00"})
    await hub.sync_all()
    assert await hub.pairs() == {
        (SUMMIT, "City Marathon"): ("same_name", "skipped", None),
        (SUMMIT, "Lake Run"): ("same_name", "skipped", None),
        (SUMMIT, "Fen Run"): ("same_name", "skipped", None),
        (SUMMIT, "São Paulo Run"): ("similar_name", "review", None),
        (SUMMIT, "Night Run"): ("same_name", "skipped", None),
        (SUMMIT, "Forest Trail 2026"): ("similar_name", "review", None),
        (SUMMIT, "River-Mile!"): ("similar_name", "review", None),
        (SUMMIT, "Coast Run"): ("no_date", "review", None),
        (RIVER, "Valley Run"): ("same_name", "merged", None),
        (RIVER, "Park Run 2026"): ("similar_name", "review", None),
    }
    await hub.remember("the hardware alone", hub.city)


async def live_first(hub: SeasonHub) -> None:
    """An event of the hardware that comes after its twin is found, and nothing is hidden."""
    before = await hub.pairs()
    await hub.add_hardware(SUMMIT, "SUMMER MILE", -NEAR)
    await hub.add_hardware(SUMMIT, "Dawn Run", FAR)
    await hub.add_hardware(SUMMIT, "Brídge Run")
    await hub.score(SUMMIT, "SUMMER MILE", {"r": "Mile"}, {"Mile": "31 Lea Aas 0:05:00\n 33 Nia Cho 0:05:40"}, -NEAR)
    assert await hub.pairs() == before | {
        (SUMMIT, "Summer Mile"): ("same_name", "review", None),
        (SUMMIT, "Bridge Run"): ("similar_name", "review", None),
    }
    await hub.sync_all()
    assert len(await hub.pairs()) == len(before) + 2


async def people_decide(hub: SeasonHub) -> None:
    for name in ("City Marathon", "River-Mile!", "Summer Mile"):
        await hub.decide(partial(hub.merge, name), partial(hub.undo, name))
    # What the rule has merged is a decision, too; taken back, it is not made again.
    await hub.decide(partial(hub.undo, "Valley Run", RIVER), partial(hub.merge, "Valley Run", RIVER))
    await hub.sync_all()
    assert (await hub.pairs())[RIVER, "Valley Run"] == ("same_name", "skipped", "Race director")
    await hub.merge("Valley Run", RIVER)
    for name in ("Night Run", "São Paulo Run", "Bridge Run"):
        await hub.decide(partial(hub.keep_both, name), partial(hub.undo, name), stays=True)
    await hub.sync_all()
    await hub.remember("both sources", hub.city)


async def sources_are_one(hub: SeasonHub) -> None:
    """The hardware counts first until the results have settled, then the official provider."""
    assert await hub.times() == {
        "11": "3:10:00", "12": "3:20:00", "13": "3:30:00", "14": "3:40:00", "15": "3:50:00", "16": "4:00:00",
        "17": "4:10:00", "18": "4:15:00", "19": "4:20:01", "21": "0:40:00", "22": "0:45:00",
    }  # fmt: skip
    assert (await hub.whose("11"))["chip_time"] == ("03:10:00", HARDWARE)
    await hub.a_day_passes()
    await hub.sync("City Marathon")
    assert (await hub.whose("11"))["chip_time"] == ("03:10:01", LIVE)
    assert await hub.times() == {
        "11": "3:10:01", "12": "3:20:01", "13": "3:30:01", "14": "3:40:01", "15": "3:50:01", "16": "4:00:01",
        "17": "4:10:01", "18": "4:15:00", "19": "4:20:01", "21": "0:40:01", "22": "0:45:01",
    }  # fmt: skip
    assert {row["is_settled"] for row in await hub.results(hub.city)} == {True}
    await hub.remember("settled", hub.city)


async def corrections(hub: SeasonHub) -> None:
    event = hub.events[SUMMIT, "City Marathon"]
    await hub.correct(ChangeTime(entry_id=entry_of(event, "Bo Dahl")[1].entry_id, seconds=3 * 3600 + 25 * 60 + 1))
    assert {row["is_settled"] for row in await hub.results(hub.city)} == {False}
    assert (await hub.times())["12"] == "3:20:00"

    cleo = entry_of(event, "Cleo Lund")[1].entry_id
    await hub.correct(SetStatus(entry_id=cleo, status="DQ"))
    assert await hub.told("13") == [("dq", LIVE)]
    await hub.remember("disqualified", hub.city)
    await hub.correct(SetStatus(entry_id=cleo, status="CONF"))
    assert await hub.told("13") == [("finished", HARDWARE)]

    await bibs_are_swapped(hub)
    await somebody_changes_the_race(hub)
    ida = entry_of(event, "Ida Sand")[1].entry_id
    await hub.correct(RemoveEntry(entry_id=ida))
    assert await hub.told("19") == []
    await hub.remember("without Ida", hub.city)
    await hub.correct(Restore(entry_id=ida))
    assert await hub.told("19") == [("finished", LIVE)]
    await people_decide_on_results(hub)


async def bibs_are_swapped(hub: SeasonHub) -> None:
    """One source says so first: then they are two people each, until the other one says it, too."""
    swap_bibs(hub.world, hub.events[SUMMIT, "City Marathon"], "Dora Moe", "Eli Noor")
    await hub.sync("City Marathon")
    assert await hub.told("14") == await hub.told("15") == [("finished", LIVE), ("finished", HARDWARE)]
    await hub.remember("bibs swapped at one source", hub.city)
    hub.start_list = [replace(who, bib={"14": "15", "15": "14"}.get(who.bib, who.bib)) for who in hub.start_list]
    await hub.import_start_list()
    worn = {row["last_name"]: (row["bib_number"], row["chip_time"]) for row in await hub.results(hub.city)}
    assert (worn["Moe"], worn["Noor"]) == (("15", "3:50:00.000"), ("14", "3:40:00.000"))
    assert len(await hub.told("14")) == len(await hub.told("15")) == 1


async def somebody_changes_the_race(hub: SeasonHub) -> None:
    change_race(hub.world, hub.events[SUMMIT, "City Marathon"], "Finn Oie", "10K")
    await hub.sync("City Marathon")
    hub.start_list = [replace(who, race="10 k" if who.bib == "16" else who.race) for who in hub.start_list]
    await hub.import_start_list()
    assert [row["race_name"] for row in await hub.results(hub.city) if row["bib_number"] == "16"] == ["10 k"]


async def people_decide_on_results(hub: SeasonHub) -> None:
    for bib, kind, *more in (
        ("11", "field_set", "--field", "last_name", "--value", "Bergh"),
        ("21", "disqualified"),
        ("22", "kept_apart"),
    ):
        stands = partial(hub.add_decision, bib, kind, *more)
        await hub.decide(stands, hub.undo_decision)
    assert await hub.told("22") == [("finished", LIVE), ("finished", HARDWARE)]
    await hub.undo_decision()
    assert await hub.told("22") == [("finished", HARDWARE)]


async def much_vanishes_at_once(hub: SeasonHub) -> None:
    """More than a fifth waits for a person: kept the first time, hidden the second."""
    [race] = hub.events[RIVER, "City Marathon"].races
    gone = [entry.entry_id for entry in race.entries[3:]]
    before = await hub.page()
    await hub.correct(*(RemoveEntry(entry_id=each) for each in gone), name="City Marathon", partner=RIVER)
    assert [(row["stream"], row["rows_gone"]) for row in await hub.held()] == [("results", 11), ("participants", 11)]
    assert await hub.page() == before
    await hub.type("retractions", "dismiss", "--all")
    await hub.sync("City Marathon", RIVER)
    assert (await hub.held(), await hub.page()) == ([], before)
    await hub.correct(*(Restore(entry_id=each) for each in gone), name="City Marathon", partner=RIVER)

    async def vanish() -> None:
        await hub.correct(*(RemoveEntry(entry_id=each) for each in gone), name="City Marathon", partner=RIVER)
        for each in await hub.held():
            await hub.type("retractions", "apply", str(each["held_retraction_id"]))

    async def come_back() -> None:
        await hub.correct(*(Restore(entry_id=each) for each in gone), name="City Marathon", partner=RIVER)

    await hub.decide(vanish, come_back)


async def scoring_again_and_a_late_correction(hub: SeasonHub) -> None:
    await hub.a_day_passes()
    await settle_all(hub.db)
    before = await hub.versions()
    await hub.type("score", hub.city)
    await hub.sync("City Marathon")
    assert await hub.versions() == before
    assert {row["is_settled"] for row in await hub.results(hub.city)} == {True}
    assert await hub.told("17") == [("finished", LIVE)]
    gro = entry_of(hub.events[SUMMIT, "City Marathon"], "Gro Pihl")[1].entry_id
    await hub.correct(ChangeTime(entry_id=gro, seconds=4 * 3600 + 11 * 60 + 1))
    assert await hub.told("17") == [("finished", HARDWARE)]


async def the_end(hub: SeasonHub) -> None:
    assert await hub.table() == expected()
    assert await hub.stored_twice() == []
    kept = await hub.look(DUPLICATES)
    assert [row["event_name"] for row in kept] == ["Night Run"]
    # The monitor speaks of those that wait for a person, and leaves out what is decided.
    waiting = {row["event_name"] for row in await monitor.asked(hub.db, "duplicates")}
    assert waiting == {"Forest Trail 2026", "Coast Run", "Park Run 2026"}
    await hub.undo("Night Run")
    await hub.merge("Night Run")
    assert await hub.look(DUPLICATES) == []
    await hub.undo("Night Run")
    await hub.keep_both("Night Run")
    assert await hub.table() == expected()


def expected() -> list[tuple[str, ...]]:
    lines = EXPECTED.strip().splitlines()
    return sorted(tuple(cell.strip() for cell in line.split("|")) for line in lines)


async def every_decision_is_explained(hub: SeasonHub) -> None:
    for (partner, name), (likeness, decision, by) in (await hub.pairs()).items():
        of_partner = ("--timing-partner-id", str(partner))
        shown = (await hub.type("duplicates", "show", hub.live(name, partner), *of_partner)).out
        assert f"why: {LIKENESS[likeness]}" in shown
        assert f"decision: {decision}, " in shown
        assert (f"by {by}\nreason: " in shown) == (by is not None)
        assert ("undone by Race director" in shown) == (by is not None)
    listed = (await hub.type("decisions", "list", hub.city, "--json")).json
    assert [(row["kind"], row["undone_at"] is None) for row in listed] == [
        ("field_set", False), ("field_set", True), ("disqualified", False), ("disqualified", True),
        ("kept_apart", False), ("kept_apart", False),
    ]  # fmt: skip


async def every_field_and_every_change_is_explained(hub: SeasonHub) -> None:
    ada, jon = await hub.whose("11"), await hub.whose("21")
    assert (ada["chip_time"], ada["gender"]) == (("03:10:00", HARDWARE), ("F", f"{LIVE}, result"))
    assert ada["last_name"] == ("Bergh", "decision 2 by Race director")
    assert jon["result_status"] == ("dq", "decision 4 by Race director")
    assert (await hub.whose("19"))["chip_time"] == ("04:20:01", LIVE)

    def because(told: Sequence[tuple[object, object, str]]) -> list[tuple[object, object, str]]:
        return [(before, after, cause.split()[0]) for before, after, cause in told]

    assert because(await hub.causes("12", "chip_time")) == [("03:20:01", "03:25:01", "sync")]
    cleo = because(await hub.causes("13", "result_status"))
    assert cleo == [("dq", "finished", "sync"), ("finished", "dq", "sync")]
    ida = [
        (before is None, after is None, cause)
        for before, after, cause in because(await hub.causes("19", "retracted_at"))
    ]
    assert ida[:2] == [(False, True, "sync"), (True, False, "sync")]
    assert because(await hub.causes("21", "result_status")) == [
        ("finished", "dq", "scoring"), ("dq", "finished", "scoring"), ("finished", "dq", "scoring")
    ]  # fmt: skip
    found = (await hub.type("reconcile", hub.city, "--json", code=1)).json["found"]
    assert {each["bib"]: each["one_ms"] - each["other_ms"] for each in found["differences"]} == {
        "12": 301_000, "17": 61_000
    }  # fmt: skip
    assert {each["bib"]: each["lacks"] for each in found["missing"]} == {"18": [LIVE], "19": [HARDWARE]}


async def the_past_is_as_it_was(hub: SeasonHub) -> None:
    for name, (at, event, shown) in hub.moments.items():
        assert await hub.results(event, "--as-of", at.isoformat()) == shown, name
