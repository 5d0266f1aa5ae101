"""The description of the API in OpenAPI 3.1, made of the table of endpoints and its types. Reads no request."""

from __future__ import annotations

from typing import Any

import msgspec

from project88 import __version__
from project88.web.api.answers import Delivery, Problem
from project88.web.api.problems import MEDIA_TYPE, TITLES
from project88.web.api.routes import ENDPOINTS, VERSION, Endpoint

REFERENCES = "#/components/schemas/{name}"
#: Problems of every endpoint, by status; further ones are in its own list.
EVERYWHERE = (400, 401, 403, 404, 429, 500, 503)
HEADERS = {
    "ETag": "Give it back in If-None-Match; where nothing changed the answer is 304 and empty.",
    "Data-Age-Seconds": "Since the data behind the answer last changed.",
    "Data-Lag-Seconds": "How old the answer is at most, where it was read from a standby a second or more behind.",
    "RateLimit": "What is left of the requests, and in how many seconds more are allowed.",
    "RateLimit-Policy": "How many requests are allowed in how many seconds.",
}
WEBHOOK_HEADERS = {
    "X-Project88-Delivery": "The same whenever the same entries are sent again.",
    "X-Project88-Timestamp": "When it was sent, in seconds since 1970.",
    "X-Project88-Signature": "sha256= and the HMAC-SHA256, by the webhook's secret, of timestamp, full stop and body.",
}

Json = dict[str, Any]


def description() -> Json:
    types = [*dict.fromkeys(each.answer for each in ENDPOINTS), Delivery, Problem]
    _, schemas = msgspec.json.schema_components(types, ref_template=REFERENCES)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Project88",
            "version": __version__,
            "description": "Race results from every source. Times are in milliseconds, instants in RFC 3339. "
            "Parameters and fields may be added; those that are there keep their meaning.",
        },
        "servers": [{"url": VERSION}],
        "paths": {each.path: {"get": _operation(each)} for each in ENDPOINTS},
        "webhooks": {"changes": {"post": _webhook()}},
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def described_parameters(endpoint: Endpoint) -> list[Json]:
    _, components = msgspec.json.schema_components([endpoint.asked], ref_template=REFERENCES)
    schema = components[endpoint.asked.__name__]
    found = []
    for name, properties in schema["properties"].items():
        said = dict(_without_null(properties))
        in_path = f"{{{name}}}" in endpoint.path
        found.append(
            {
                "name": name,
                "in": "path" if in_path else "query",
                "required": in_path,
                "description": said.pop("description", ""),
                "schema": said,
            }
        )
    return found


def _operation(endpoint: Endpoint) -> Json:
    answers = {
        "200": {
            "description": endpoint.summary,
            "headers": {name: {"description": said, "schema": {"type": "string"}} for name, said in HEADERS.items()},
            "content": {"application/json": {"schema": {"$ref": REFERENCES.format(name=endpoint.answer.__name__)}}},
        },
        "304": {"description": "Nothing changed."},
        **{str(status): _problem(status) for status in EVERYWHERE},
    }
    if any(parameter["name"] == "cursor" for parameter in described_parameters(endpoint)):
        answers["410"] = _problem(410)
    return {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": endpoint.asked.__doc__,
        "parameters": described_parameters(endpoint),
        "security": [*([{}] if endpoint.for_everybody else []), {"token": []}],
        "responses": answers,
    }


def _webhook() -> Json:
    return {
        "operationId": "takeChanges",
        "summary": "What an address of a timing partner is sent when results change.",
        "description": "Made by an operator: project88 webhook add. What is not answered with 2xx is sent again.",
        "parameters": [
            {"name": name, "in": "header", "required": True, "description": said, "schema": {"type": "string"}}
            for name, said in WEBHOOK_HEADERS.items()
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": REFERENCES.format(name=Delivery.__name__)}}},
        },
        "responses": {"2XX": {"description": "Taken; it is not sent again."}},
    }


def _problem(status: int) -> Json:
    titles = [title for each, title in TITLES.values() if each == status]
    content = {MEDIA_TYPE: {"schema": {"$ref": REFERENCES.format(name="Problem")}}}
    return {"description": ". ".join(titles) + ".", "content": content}


def _without_null(schema: Json) -> Json:
    """A parameter is left out or has a value; null is how the program says that it was left out."""
    kinds = [each for each in schema.get("anyOf", []) if each != {"type": "null"}]
    if len(kinds) == 1:
        return {**kinds[0], **{name: said for name, said in schema.items() if name not in ("anyOf", "default")}}
    return schema
