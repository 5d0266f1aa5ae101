"""The page of the providers: what each keeps of the contract, and its settings. Opens no provider."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_origin

import msgspec

from project88.providers.catalogue import CATALOGUE
from project88.providers.chronotrack_live.settings import Settings
from project88.providers.haku.settings import Settings as HakuSettings
from project88.providers.race_roster.settings import Settings as RaceRosterSettings
from project88.providers.runsignup.settings import Settings as RunSignUpSettings
from scripts.reference import HEAD, table

SCALE = Path(__file__).with_name("providers.toml")
#: The settings of each provider of the catalogue. A new provider adds itself here.
SETTINGS: Mapping[str, type[msgspec.Struct]] = {
    "chronotrack_live": Settings,
    "haku": HakuSettings,
    "race_roster": RaceRosterSettings,
    "runsignup": RunSignUpSettings,
}
#: How a type is called on the page.
TYPES: Mapping[str, str] = {
    "str": "text",
    "int": "whole number",
    "float": "number",
    "bool": "yes or no",
    "date": "day",
    "tuple": "list",
    "dict": "mapping",
}

INTRODUCTION = """# Providers

The sources the hub can collect from. A rule is *done* where the test named beside it shows it, *todo* where it is
not built, *exempt* where it cannot apply. Every provider passes `tests/conformance` besides.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How one provider stands to one rule. ``because`` names the test, or gives the reason."""

    rule: str
    state: Literal["done", "todo", "exempt"]
    because: str


def rules() -> Mapping[str, str]:
    """What each rule asks of a provider."""
    asked: Mapping[str, str] = _scale()["rules"]
    return asked


def marks(key: str) -> list[Mark]:
    """The scale of one provider."""
    found: list[Mark] = []
    for rule, mark in _scale()["providers"].get(key, {}).items():
        [(state, because)] = mark.items()
        found.append(Mark(rule=rule, state=state, because=because))
    return found


def text() -> str:
    return HEAD + INTRODUCTION + "".join(_section(key) for key in CATALOGUE)


def _section(key: str) -> str:
    asked = rules()
    rows = [(asked[mark.rule], mark.state, _because(mark)) for mark in marks(key)]
    if key not in SETTINGS:
        raise SystemExit(f"{key} is in CATALOGUE: add it to SETTINGS of scripts/reference/providers_page.py")
    settings = [_setting(field) for field in msgspec.structs.fields(SETTINGS[key])]
    return (
        f"\n## {key}\n\n"
        + table(("rule", "state", "test or reason"), rows)
        + "\nKeys of `additional_config`. Times in seconds, the rate in calls per 60 s.\n\n"
        + table(("key", "type", "default"), settings)
    )


def _because(mark: Mark) -> str:
    return f"`{mark.because}`" if mark.state == "done" else mark.because


def _setting(field: msgspec.structs.FieldInfo) -> tuple[str, str, str]:
    shown = ", ".join(map(str, field.default)) if isinstance(field.default, tuple) else field.default
    default = "" if shown in {None, ""} else f"`{shown}`"
    return f"`{field.name}`", _type_text(field.type), default


def _type_text(annotation: Any) -> str:  # noqa: ANN401
    words = getattr(annotation, "__args__", ())
    if get_origin(annotation) is Literal:
        return ", ".join(map(str, words))
    if get_origin(annotation) in {tuple, dict}:
        return TYPES[annotation.__name__]
    plain = [each for each in words if each is not type(None)] or [annotation]
    return TYPES[plain[0].__name__]


def _scale() -> dict[str, Any]:
    return tomllib.loads(SCALE.read_text(encoding="utf-8"))
