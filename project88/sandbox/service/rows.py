"""What a row is, and a duration as text. Encodes nothing."""

from __future__ import annotations

from functools import lru_cache

from project88.sandbox.entities import TimeStyle

Row = dict[str, object]


def clock_text(ms: int, style: TimeStyle) -> str:
    """A duration as the event prints it: ``01:02:03.004``, ``1:02:03.0`` or ``01:02:03``."""
    text = _hours_minutes_seconds(ms // 1000, style.hour_digits)
    if style.decimals == 3:
        return f"{text}.{ms % 1000:03d}"
    if style.decimals == 0:
        return text
    return f"{text}.{ms % 1000:03d}"[: style.decimals - 3]


@lru_cache(maxsize=80_000)
def _hours_minutes_seconds(seconds: int, hour_digits: int) -> str:
    minutes, second = divmod(seconds, 60)
    return f"{minutes // 60:0{hour_digits}d}:{minutes % 60:02d}:{second:02d}"
