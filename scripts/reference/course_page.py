"""The page of courses, from the types that read them. Reads no course."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec

from project88.scoring.course import Course, Gun, Point
from scripts.reference import HEAD, table

INTRODUCTION = """# Courses

What `project88 import course FILE` reads: one object, or a list with one for each race of the event, in JSON.
`project88 sandbox rig --files FOLDER` writes an example.

```json
[
  {
    "race_id": "10k",
    "name": "10 km",
    "gun": {"location": "start"},
    "points": [
      {"name": "Start", "locations": ["start"], "distance_m": 0, "rule": "last"},
      {"name": "5 km", "locations": ["5k"], "distance_m": 5000, "minimum_seconds": 720},
      {"name": "Finish", "locations": ["finish", "finish-backup"], "distance_m": 10000, "minimum_seconds": 720}
    ]
  }
]
```

A field that is not known is an error, so that a slip of the pen is no rule that nobody follows.
"""


def text() -> str:
    return HEAD + INTRODUCTION + "".join(map(_section, (Course, Point, Gun)))


def _section(found: type[msgspec.Struct]) -> str:
    said = (inspect.getdoc(found) or "").replace("``", "`")
    rows = [_row(field) for field in msgspec.structs.fields(found)]
    return f"\n## {found.__name__}\n\n{said}\n\n" + table(("field", "default"), rows)


def _row(field: msgspec.structs.FieldInfo) -> tuple[str, str]:
    return f"`{field.name}`", _default(field)


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value: Any = field.default if field.default is not msgspec.NODEFAULT else {}
    return "nothing" if value is None or value == {} else f"`{value}`"
