"""Every source that the hub knows of, and how far it is with each: what works, what is planned. Pure; no account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["registration", "timing", "results", "file"]
Status = Literal["working", "planned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSource:
    """``tried_with`` says with what a working one was tried: nobody of us has an account with the real services."""

    key: str
    name: str
    kinds: tuple[Kind, ...]
    capabilities: tuple[str, ...]
    status: Status = "working"
    tried_with: str = ""


#: A stand-in of ours that was written from the description of the service.
STAND_IN = "a stand-in"

PLANNED = (
    KnownSource(
        key="copernico",
        name="Copernico",
        kinds=("registration", "timing", "results"),
        capabilities=(),
        status="planned",
    ),
    KnownSource(key="lets_do_this", name="Let's Do This", kinds=("registration",), capabilities=(), status="planned"),
    KnownSource(key="active", name="ACTIVE", kinds=("registration",), capabilities=(), status="planned"),
    KnownSource(key="eventbrite", name="Eventbrite", kinds=("registration",), capabilities=(), status="planned"),
    KnownSource(key="ultrasignup", name="UltraSignup", kinds=("results",), capabilities=(), status="planned"),
    KnownSource(key="mylaps", name="MYLAPS Speedhive", kinds=("results",), capabilities=(), status="planned"),
    KnownSource(key="athlinks", name="Athlinks", kinds=("results",), capabilities=(), status="planned"),
)

REGISTRY: Mapping[str, KnownSource] = {
    source.key: source
    for source in (
        KnownSource(
            key="chronotrack_live",
            name="ChronoTrack Live",
            kinds=("timing", "results"),
            capabilities=("events", "races", "participants", "results", "splits", "places"),
            tried_with=STAND_IN,
        ),
        KnownSource(
            key="chronotrack_tcp",
            name="ChronoTrack TCP (CTP01)",
            kinds=("timing",),
            capabilities=("reads", "gun times", "results", "splits", "places"),
            tried_with=STAND_IN,
        ),
        KnownSource(
            key="runsignup",
            name="RunSignUp",
            kinds=("registration", "results"),
            capabilities=("events", "races", "participants", "changes", "removals", "results", "splits", "places"),
            tried_with=STAND_IN,
        ),
        KnownSource(
            key="race_roster",
            name="Race Roster",
            kinds=("registration", "results"),
            capabilities=("events", "races", "participants", "removals", "results", "places"),
            tried_with=STAND_IN,
        ),
        KnownSource(
            key="haku",
            name="Haku",
            kinds=("registration",),
            capabilities=("events", "participants", "changes", "removals"),
            tried_with=STAND_IN,
        ),
        KnownSource(
            key="csv_xlsx",
            name="CSV and XLSX files",
            kinds=("file",),
            capabilities=("participants", "results", "splits", "places"),
            tried_with="files of our own",
        ),
        KnownSource(
            key="chronotrack_file",
            name="ChronoTrack files of reads",
            kinds=("file", "timing"),
            capabilities=("reads",),
            tried_with="files of our own",
        ),
        KnownSource(
            key="race_result",
            name="RACE RESULT simple API",
            kinds=("results", "registration"),
            capabilities=("participants", "results", "splits", "places"),
            tried_with=STAND_IN,
        ),
        *PLANNED,
    )
}
