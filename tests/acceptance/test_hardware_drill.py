"""The hardware path as processes: links pulled, the listener killed twice, the database away; each read once."""

from __future__ import annotations

from pathlib import Path

from bench.hardware_drill import DrillPlan, drill

FIELD = 400


async def test_a_disturbed_race_is_stored_once_and_has_the_data_s_times_and_places(open_folder: Path):
    found = await drill(DrillPlan(field=FIELD, play_seconds=20.0, outage_seconds=5.0), open_folder)

    assert (found.missing, found.twice, found.wrong_times, found.wrong_places) == (0, 0, 0, 0)
    assert (found.finishers, found.kills, found.stored) == (FIELD, 2, found.lines)
