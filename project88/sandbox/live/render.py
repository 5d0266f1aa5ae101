"""Entities and standings as the flat rows of text that the API description lists. Encodes nothing, knows no paging."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from project88.sandbox.entities import Bracket, Entry, Event, Interval, Race
from project88.sandbox.service.rows import Row, clock_text

DAYS_PER_YEAR = 365.25
PACE_UNIT = "min/km"


@lru_cache(maxsize=20_000)
def _pace_text(seconds_per_km: int) -> str:
    minutes, second = divmod(seconds_per_km, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}"


def epoch_text(ms: int) -> str:
    """Epoch seconds with a fraction."""
    return f"{ms // 1000}.{ms % 1000:03d}"


def seconds_text(ms: int) -> str:
    """Whole epoch seconds."""
    return str(ms // 1000)


def event_row(event: Event) -> Row:
    return {
        "event_id": event.event_id,
        "event_name": event.name,
        "event_start_time": seconds_text(event.start_ms),
        "event_end_time": seconds_text(event.end_ms),
        "event_description": "",
        "event_site_uri": "",
        "event_is_published": "1",
        "event_tag": event.name.lower().replace(" ", ""),
        "event_external_id": "",
        "location_time_zone": event.zone,
        "location_city": event.city,
        "location_country": event.country,
        "organization_id": "1",
        "organization_name": "Sandbox Timing",
    }


def race_row(race: Race, run_ms: int) -> Row:
    return {
        "race_id": race.race_id,
        "race_name": race.name,
        "race_tag": race.tag,
        "race_type": "running",
        "race_subtype": "road",
        "race_course_distance": f"{race.distance_m:g}",
        "race_pref_distance_unit": "kilometers",
        "race_planned_start_time": seconds_text(race.gun_ms),
        "race_planned_end_time": seconds_text(race.event.end_ms),
        "race_actual_start_time": epoch_text(race.gun_ms) if race.gun_ms <= run_ms else "",
        "race_actual_end_time": "",
        "race_age_ref_time": seconds_text(race.event.start_ms),
    }


def interval_row(interval: Interval) -> Row:
    return {
        "interval_id": interval.interval_id,
        "interval_name": interval.name,
        "interval_is_full": "1" if interval.is_full else "0",
        "race_id": interval.race.race_id,
        "race_name": interval.race.name,
    }


def bracket_row(bracket: Bracket) -> Row:
    return {
        "bracket_id": bracket.bracket_id,
        "bracket_name": bracket.name,
        "bracket_type": bracket.bracket_type,
        "bracket_tag": bracket.name.lower().replace(" ", ""),
        "bracket_wants_leaderboard": "1",
        "race_id": bracket.race.race_id,
    }


def entry_row(race: Race, entry: Entry, run_ms: int) -> Row:
    return {
        "entry_id": entry.entry_id,
        "entry_bib": entry.bib,
        "entry_name": f"{entry.first_name} {entry.last_name}",
        "entry_status": entry.status_at(run_ms - race.gun_ms),
        "entry_type": "IND",
        "entry_race_age": str(entry.age),
        "entry_external_id": f"X{entry.athlete_id}",
        "athlete_id": entry.athlete_id,
        "athlete_first_name": entry.first_name,
        "athlete_last_name": entry.last_name,
        "athlete_sex": entry.sex,
        "athlete_birthdate": _birthdate(race.event, entry),
        "athlete_email": "",
        "location_city": entry.city,
        "location_region": entry.region,
        "location_country": entry.country,
        "race_id": race.race_id,
        "race_name": race.name,
        "reg_choice_name": race.name,
        "wave_name": entry.wave,
        "bracket_name": entry.division,
        "team_id": "",
        "team_name": "",
    }


def _birthdate(event: Event, entry: Entry) -> str:
    """An invented birthday that gives the entry's age on the day of the event."""
    day = datetime.fromtimestamp(event.start_ms / 1000, UTC)
    days = entry.age * DAYS_PER_YEAR + 1 + int(entry.entry_id) % 360
    return f"{day - timedelta(days=days):%Y-%m-%d}"


def result_rows(
    interval: Interval, bracket: Bracket, ranked: Sequence[tuple[Entry, int | None]], generated_ms: int
) -> list[Row]:
    """Rows of one interval in one bracket. Rank 0 is unranked; rank None is under way: no end and no time yet."""
    race, event = interval.race, interval.race.event
    full = "1" if interval.is_full else "0"
    generated = seconds_text(generated_ms)
    return [
        {
            "results_entry_id": entry.entry_id,
            "results_bib": entry.bib,
            "results_first_name": entry.first_name,
            "results_last_name": entry.last_name,
            "results_sex": entry.sex,
            "results_age": str(entry.age),
            "results_race_id": race.race_id,
            "results_race_name": race.name,
            "results_event_name": event.name,
            "results_interval_id": interval.interval_id,
            "results_interval_name": interval.name,
            "results_interval_full": full,
            "results_rank": str(rank or 0),
            "results_bracket_name": bracket.name,
            "results_primary_bracket_name": entry.division,
            "results_time": times[0],
            "results_gun_time": times[1],
            "results_pace": times[2],
            "results_pace_unit": PACE_UNIT,
            "results_begin_chip_time": times[3],
            "results_end_chip_time": times[4],
            "results_hometown": f"{entry.city}, {entry.region}, {entry.country}" if entry.city else "",
            "results_state_code": entry.region,
            "results_country_code": entry.country,
            "result_generation_gen_time": generated,
            "result_generation_status": "COMPLETED",
        }
        for entry, rank in ranked
        for times in (_times(interval, race, entry, rank is not None),)
    ]


def _times(interval: Interval, race: Race, entry: Entry, has_crossed: bool) -> tuple[str, str, str, str, str]:
    """Chip time, gun time, pace, begin and end."""
    start_ms = race.gun_ms + entry.delay_ms
    elapsed_ms = entry.elapsed_ms[interval.ordinal]
    begin = epoch_text(start_ms) if race.has_start_mat else ""
    if elapsed_ms is None or not has_crossed:
        return "", "", "", begin, ""
    return (
        clock_text(elapsed_ms, race.event.style),
        clock_text(elapsed_ms + entry.delay_ms, race.event.style),
        _pace_text(int(elapsed_ms / interval.distance_m)),
        begin,
        epoch_text(start_ms + elapsed_ms),
    )
