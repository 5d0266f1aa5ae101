"""The world of the rehearsal: a season of past events and the big race. The same seed and start give the same world."""

from __future__ import annotations

from datetime import datetime

from project88.sandbox.world import World
from project88.sandbox.worlds.boston import boston_event
from project88.sandbox.worlds.build import Ids
from project88.sandbox.worlds.season import season_events

SEED = 2014
SEASON = 24


def rehearsal_world(
    start: datetime,
    *,
    seed: int = SEED,
    season: int = SEASON,
    field_size: int | None = None,
    with_unfinished: bool = True,
) -> World:
    """``season`` events over the 365 days before ``start``, then the big race, whose event is the last one."""
    ids = Ids()
    events = season_events(ids, start, season, seed + 100, with_unfinished) if season else []
    return World([*events, boston_event(ids, start, seed, field_size, with_unfinished)])
