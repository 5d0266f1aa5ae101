"""The page of the JSON API, from the description that the program itself gives. Asks no server."""

from __future__ import annotations

from typing import Any

from project88.web.api.limits import PER_ADDRESS, PER_TOKEN
from project88.web.api.openapi import described_parameters, description
from project88.web.api.problems import TITLES
from project88.web.api.routes import ENDPOINTS, VERSION, Endpoint
from scripts.reference import HEAD, table

INTRODUCTION = f"""# JSON API

Below `{VERSION}` of the results page. `{VERSION}/openapi.json` describes it for programs (OpenAPI 3.1).

- Times are in milliseconds (`chip_time_ms`), instants in RFC 3339. What is not known is null.
- Without a token everybody reads what the results page shows. `Authorization: Bearer TOKEN` reads one timing
  partner's own events and nobody else's. An operator makes a token: `project88 api-token create`.
- Lists come page by page: give `next_cursor` back as `cursor`, with the other parameters as they were.
- Every answer has an `ETag`. Give it back in `If-None-Match`; where nothing changed the answer is 304 and empty.
- `Data-Age-Seconds` says how long ago the data behind an answer last changed.
- `Data-Lag-Seconds` stands where the answer was read from a standby that may be so many seconds behind.
- A parameter that is not known is an error that names it.
- `RateLimit` says what is left: {PER_ADDRESS} requests in a minute for an address, {PER_TOKEN} for a token.
  `PROJECT88_API_CALLS_PER_ADDRESS` and `PROJECT88_API_CALLS_PER_TOKEN` set others. Behind a proxy all callers
  without a token share its address, unless `--trusted-proxy` names it: see [results pages](../howto/results-pages.md).

## Following changes

Ask once with `start=now`, keep the `cursor`, read the lists, then ask again and again with the cursor of the answer
before. Each entry is an event or a result as it is now, or `deleted`. An entry may come twice; none is left out. A
cursor that was not used for 30 days is refused with 410: begin anew.

Or have them sent: `project88 webhook add` names an address that gets the same entries as a `Delivery`.

`/healthz` answers while the process lives, `/readyz` while the database and its schema are there, and `/metrics` has
figures for Prometheus.
"""


def text() -> str:
    schemas = description()["components"]["schemas"]
    parts = [INTRODUCTION, "\n## Endpoints\n", *map(_endpoint, ENDPOINTS), "\n## Answers\n"]
    parts += [_schema(name, schema) for name, schema in sorted(schemas.items())]
    return HEAD + "".join(parts) + _problems()


def _endpoint(endpoint: Endpoint) -> str:
    who = "everybody" if endpoint.for_everybody else "a token"
    lines = [
        f"\n### {endpoint.name}\n\n`GET {VERSION}{endpoint.path}`\n\n{endpoint.summary}",
        f" {endpoint.asked.__doc__}" if described_parameters(endpoint) else "",
        f"\nFor {who}; a token needs the scope `{endpoint.scope}`. Answers `{endpoint.answer.__name__}`.\n",
    ]
    rows = [
        (f"`{each['name']}`", each["in"], _kind(each["schema"]), each["description"])
        for each in described_parameters(endpoint)
    ]
    return "".join(lines) + (("\n" + table(("parameter", "in", "type", "meaning"), rows)) if rows else "")


def _schema(name: str, schema: dict[str, Any]) -> str:
    said = (schema.get("description") or "").replace("``", "`")
    rows = [(f"`{field}`", _kind(kind)) for field, kind in schema["properties"].items()]
    return f"\n### {name}\n\n{said}\n\n" + table(("field", "type"), rows)


def _kind(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    if "enum" in schema:
        return " or ".join(f'`"{word}"`' for word in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    return str(schema.get("format") or schema.get("type", "anything"))


def _problems() -> str:
    rows = [(f"`{kind}`", str(status), title) for kind, (status, title) in TITLES.items()]
    return "\n## Problems\n\nRFC 9457; `type` ends with the word in the first column.\n\n" + table(
        ("type", "status", "title"), rows
    )
