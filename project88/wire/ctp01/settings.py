"""What the scoring side asks for behind the greeting. No sockets, no clock, no SQL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Literal, get_args

from project88.wire.ctp01.times import TimeFormat

Authentication = Literal["none", "plaintext", "hmac-sha1", "hmac-md5", "seed-sha1", "seed-md5"]
AUTHENTICATIONS: tuple[Authentication, ...] = get_args(Authentication)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The defaults are the protocol's: what is not said has them."""

    location: Literal["single", "multi"] = "multi"
    guntimes: bool = False
    newlocations: bool = False
    authentication: Authentication = "none"
    authentication_seed: str = field(default="", repr=False)
    stream_mode: Literal["push", "pull"] = "pull"
    tagevent_format: str = "CT01_33"
    pushmode_ack: bool = False
    time_format: TimeFormat = "normal"
    connection_id: bool = False

    def lines(self) -> list[str]:
        """``key=value`` of each setting that differs from its default."""
        default = Settings()
        names = [each.name for each in fields(self) if getattr(self, each.name) != getattr(default, each.name)]
        return [f"{name.replace('_', '-')}={_written(getattr(self, name))}" for name in names]


def read_settings(lines: Iterable[str]) -> Settings:
    """Keys and values that the protocol does not have are left at their defaults."""
    said = dict(line.partition("=")[::2] for line in lines)
    found: dict[str, object] = {}
    for name, choices in CHOICES.items():
        value = said.get(name.replace("_", "-"), "").strip()
        if value and (not choices or value in choices):
            found[name] = value == "true" if choices == BOOLEAN else value
    return Settings(**found)  # type: ignore[arg-type]


BOOLEAN = ("true", "false")
#: The values of each key; none: any.
CHOICES: dict[str, tuple[str, ...]] = {
    "location": ("single", "multi"),
    "guntimes": BOOLEAN,
    "newlocations": BOOLEAN,
    "authentication": AUTHENTICATIONS,
    "authentication_seed": (),
    "stream_mode": ("push", "pull"),
    "tagevent_format": (),
    "pushmode_ack": BOOLEAN,
    "time_format": get_args(TimeFormat),
    "connection_id": BOOLEAN,
}


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
