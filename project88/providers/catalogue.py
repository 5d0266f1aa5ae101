"""Every source the hub can collect from, by its providers.key. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from project88.errors import UsageError
from project88.providers.chronotrack_live import ChronoTrackLiveAdapter
from project88.providers.contract import Provider
from project88.providers.haku import HakuAdapter
from project88.providers.race_roster import RaceRosterAdapter
from project88.providers.runsignup import RunSignUpAdapter

#: A function from principal, secret and additional_config to the provider.
CATALOGUE: Mapping[str, Callable[[str, str, Mapping[str, Any]], Provider]] = {
    "chronotrack_live": ChronoTrackLiveAdapter,
    "haku": HakuAdapter,
    "race_roster": RaceRosterAdapter,
    "runsignup": RunSignUpAdapter,
}


def provider(key: str, principal: str, secret: str, additional_config: Mapping[str, Any]) -> Provider:
    """Raises UsageError for a key that no source has, ConfigError for settings that cannot work."""
    if key not in CATALOGUE:
        raise UsageError(f"provider {key!r} cannot be collected from; known: {', '.join(sorted(CATALOGUE))}")
    return CATALOGUE[key](principal, secret, additional_config)
