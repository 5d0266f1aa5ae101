"""Templates to HTML. Reads no data."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from project88.web import figures, pace

FOLDER = Path(__file__).parent
FILTERS = (
    "duration",
    "clock",
    "moment",
    "instant",
    "spoken",
    "changed",
    "apart",
    "day",
    "number",
    "machine",
    "percent",
    "status_word",
    "gender_word",
    "age",
    "until",
    "person",
)


@cache
def template_environment(source_note: str) -> Environment:
    """The pages and the operator's part share one, so that a template is compiled once."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({name: getattr(figures, name) for name in FILTERS})
    environment.filters["pace"] = pace.pace
    environment.globals["source_note"] = source_note
    return environment


class Rendering:
    """The templates of the pages. One per application."""

    def __init__(self, source_note: str) -> None:
        self._templates = template_environment(source_note)

    def html(self, name: str, values: dict[str, Any]) -> str:
        return self._templates.get_template(name).render(values)

    def response(self, name: str, values: dict[str, Any], status: int = 200) -> Response:
        return HTMLResponse(self.html(name, values), status_code=status, headers={"Cache-Control": "no-store"})

    def problem(self, status: int, title: str, advice: str) -> Response:
        return self.response("problem.html", {"title": title, "advice": advice, "status": status}, status)
