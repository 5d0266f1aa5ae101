"""The rows of ChronoTrack Live as they arrive: every scalar may be text, a number, null, empty or missing. Pure.

Field names and their grades: section 5 of the API facts. Fields we do not read stay in the raw payload.
"""

from __future__ import annotations

from msgspec import Struct

from project88.providers.raw_rows import Number, Scalar


class EventRow(Struct, frozen=True, gc=False):
    event_id: Scalar = None
    event_name: Scalar = None
    event_start_time: Number = None
    event_end_time: Number = None
    location_time_zone: Scalar = None
    location_city: Scalar = None
    location_region: Scalar = None
    location_country: Scalar = None
    event_description: Scalar = None
    event_site_uri: Scalar = None
    event_is_published: Scalar = None
    event_tag: Scalar = None
    event_external_id: Scalar = None
    organization_id: Scalar = None
    organization_name: Scalar = None


class RaceRow(Struct, frozen=True, gc=False):
    race_id: Scalar = None
    race_name: Scalar = None
    race_tag: Scalar = None
    race_type: Scalar = None
    race_subtype: Scalar = None
    race_course_distance: Scalar = None
    race_pref_distance_unit: Scalar = None
    race_planned_start_time: Number = None
    race_planned_end_time: Number = None
    race_actual_start_time: Number = None
    race_actual_end_time: Number = None


class IntervalRow(Struct, frozen=True, gc=False):
    interval_id: Scalar = None
    interval_name: Scalar = None
    interval_is_full: Scalar = None
    race_id: Scalar = None


class BracketRow(Struct, frozen=True, gc=False):
    bracket_id: Scalar = None
    bracket_name: Scalar = None
    bracket_type: Scalar = None
    race_id: Scalar = None


class EntryRow(Struct, frozen=True, gc=False):
    entry_id: Scalar = None
    entry_bib: Scalar = None
    entry_name: Scalar = None
    entry_status: Scalar = None
    entry_type: Scalar = None
    entry_race_age: Number = None
    entry_external_id: Scalar = None
    athlete_id: Scalar = None
    athlete_first_name: Scalar = None
    athlete_last_name: Scalar = None
    athlete_sex: Scalar = None
    athlete_birthdate: Scalar = None
    athlete_email: Scalar = None
    athlete_home_phone: Scalar = None
    athlete_mobile_phone: Scalar = None
    location_city: Scalar = None
    location_region: Scalar = None
    location_country: Scalar = None
    location_postal_code: Scalar = None
    race_id: Scalar = None
    race_name: Scalar = None
    team_name: Scalar = None
    bracket_name: Scalar = None
    wave_name: Scalar = None
    reg_choice_name: Scalar = None


class ResultRow(Struct, frozen=True, gc=False):
    results_entry_id: Scalar = None
    results_bib: Scalar = None
    results_first_name: Scalar = None
    results_last_name: Scalar = None
    results_sex: Scalar = None
    results_age: Number = None
    results_race_id: Scalar = None
    results_race_name: Scalar = None
    results_interval_id: Scalar = None
    results_interval_name: Scalar = None
    results_interval_full: Scalar = None
    results_rank: Number = None
    results_bracket_name: Scalar = None
    results_primary_bracket_name: Scalar = None
    results_time: Number = None
    results_gun_time: Number = None
    results_begin_chip_time: Number = None
    results_end_chip_time: Number = None
    results_hometown: Scalar = None
    results_state_code: Scalar = None
    results_country_code: Scalar = None
