"""A call as a value: path, parameters, form, headers, instant. Looks nothing up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from project88.sandbox.service.replies import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """``path`` is how the fault book knows the call, ``segments`` what follows the service's base. Header names are
    in lower case."""

    method: str
    path: str
    segments: tuple[str, ...]
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]
    now: float

    def page(self, name: str = "page") -> int:
        """The page, 1 where none or no number is asked."""
        text = self.query.get(name, "")
        return int(text) if text.isdecimal() else 1


def positive(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal() or int(text) < 1:
        raise Refused(400, f"{name} must be a positive number")
    return int(text)
