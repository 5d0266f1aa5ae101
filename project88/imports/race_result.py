"""RACE RESULT's simple API: a link that somebody set up there gives a table. Stores none of it.

The key stands in the link's path, so the path is a secret. Facts: shared/spec/provider_apis.md, section 9. Which
columns a link has is set up there. Whether its JSON is objects, or arrays beside their names, is not documented: both
are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, TypeGuard
from urllib.parse import urlsplit

import msgspec
from xxhash import xxh3_64_hexdigest

from project88.edges import clock
from project88.edges.http import http_client
from project88.edges.redaction import SHORTEST_SECRET, hide_secrets
from project88.errors import ConfigError, Permanent, Throttled, Transient, UsageError
from project88.imports.tables import Table, read_table, table
from project88.providers.answers import decoded, http_error
from project88.records.entities import TimingPartnerId
from project88.store import budget
from project88.store.connection import Database
from project88.store.imports import FILE
from project88.store.partners import provider_id
from project88.store.scope import Source
from project88.wire.messages import Request, Response

#: The service keeps an answer for 10 to 30 s and allows one call a second for each link; a call within 10 s would bring
#: nothing new.
CALLS_PER_MINUTE = 6.0
TIMEOUT_SECONDS = 30.0
#: Where an answer of JSON is an object: the names of the columns, and the rows, which may be grouped.
NAMES = ("DataFields", "fields", "columns")
ROWS = ("data", "rows")
CHECK_LINK = "Look at the link in RACE RESULT: it may be switched off"

_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    host_url: str
    path: str = field(repr=False)

    @property
    def account_name(self) -> str:
        """Under this name the calls to the link are counted; it does not tell the link."""
        return f"race-result {xxh3_64_hexdigest(self.path.encode())}"


def read_link(text: str) -> Link:
    """From here on no message of this process shows its path. Raises ConfigError for what is no such link."""
    parts = urlsplit(text.strip())
    segments = [each for each in parts.path.split("/") if each]
    hide_secrets([parts.path, parts.query, *segments[1:]])
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname))):
        raise ConfigError("the link must begin with https://")
    if len(segments) < 2 or len(segments[-1]) < SHORTEST_SECRET:
        raise ConfigError("the link must end with the event's number, a slash and the key, as RACE RESULT shows it")
    return Link(
        host_url=f"{parts.scheme}://{parts.netloc}", path=parts.path + (f"?{parts.query}" if parts.query else "")
    )


async def fetch(db: Database, link: Link, timing_partner_id: TimingPartnerId) -> Table:
    """One call, in its turn among those of all processes to the same link."""
    source = Source(
        timing_partner_id=timing_partner_id,
        provider_id=await provider_id(db, FILE),
        data_source=FILE,
        account_name=link.account_name,
    )
    turn = await budget.reserve(db, source, 1, CALLS_PER_MINUTE)
    await clock.sleep(turn.wait_seconds)
    return read_answer(await call(link))


async def call(link: Link) -> Response:
    async with http_client(timeout_seconds=TIMEOUT_SECONDS, concurrent_calls=1) as http:
        return await http.request(Request(url=link.host_url, secret_path=link.path))


def read_answer(response: Response) -> Table:
    """JSON where it says that it is, else CSV or XLSX by its bytes. Raises the error that an answer stands for."""
    if response.status == 406:
        raise Throttled("RACE RESULT allows one call a second for each link (HTTP 406): try again in some seconds")
    if response.status != 200:
        raise http_error(response, "", CHECK_LINK)
    is_json = "json" in response.headers.get("content-type", "")
    if not is_json and response.body.lstrip().startswith(b"<"):
        raise Permanent("RACE RESULT answered with HTML or XML: set the link up for JSON or CSV")
    try:
        return table(_lines(decoded(response, _decoder))) if is_json else read_table(response.body)
    except UsageError as error:
        raise Permanent(f"RACE RESULT's answer is no table: {error}") from None


def _lines(answer: object) -> list[list[str]]:
    """The names of the columns first."""
    if isinstance(answer, Mapping):
        names = next((answer[key] for key in NAMES if isinstance(answer.get(key), list)), None)
        rows = next((answer[key] for key in ROWS if key in answer), None)
        if names is not None and rows is not None:
            return [list(map(_cell, names)), *(list(map(_cell, row)) for row in _flat(rows))]
    if answer == []:
        # Without a row nobody knows the columns, and an empty list retires nobody.
        raise Transient("RACE RESULT's list has no rows yet; nothing was changed")
    if _is_of_objects(answer):
        keys = list(dict.fromkeys(key for row in answer for key in row))
        return [keys, *([_cell(row.get(key)) for key in keys] for row in answer)]
    raise Permanent("RACE RESULT's JSON is neither a list of objects nor rows beside the names of their fields")


def _is_of_objects(answer: object) -> TypeGuard[list[Mapping[str, object]]]:
    return isinstance(answer, list) and all(isinstance(row, Mapping) for row in answer)


def _flat(rows: object) -> Iterator[list[object]]:
    """The rows of every group, which may hold groups in turn."""
    if isinstance(rows, Mapping):
        for group in rows.values():
            yield from _flat(group)
    elif isinstance(rows, list) and all(isinstance(row, list) for row in rows):
        yield from rows
    elif isinstance(rows, list):
        for group in rows:
            yield from _flat(group)
    else:
        raise Permanent("RACE RESULT's JSON has a row that is no list of values")


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _is_here(host: str) -> bool:
    """Whether the address is of this machine, as a stand-in's is."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
