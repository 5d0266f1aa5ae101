"""HTTP for clients: one request in, one response out. The only module that opens HTTP connections; retries nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp

from project88.errors import Transient
from project88.wire.messages import Request, Response

CONNECT_SECONDS = 10
LOCAL_SECONDS = 5
#: No page of any service is near this size; a larger body is a fault, not an answer.
BODY_BYTES_AT_MOST = 64 * 1024 * 1024


class HttpClient:
    """Speaks to one service. Every failure to get a whole answer is Transient and names no query."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def request(self, request: Request) -> Response:
        place = _place(request.url)
        try:
            async with self._session.request(
                "GET" if request.form is None else "POST",
                request.url + request.secret_path,
                params=request.query,
                headers=request.headers,
                data=request.form,
                allow_redirects=False,
            ) as answer:
                body = await _body(answer, place)
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return Response(status=answer.status, headers=headers, body=body, url=request.url)
        except TimeoutError:
            raise Transient(f"{place} did not answer in time") from None
        except (aiohttp.ClientError, OSError) as error:
            # The cause is left out: its text may hold the query, which may hold the login.
            raise Transient(f"{place} did not give a whole answer ({type(error).__name__})") from None


@asynccontextmanager
async def http_client(*, timeout_seconds: float, concurrent_calls: int) -> AsyncIterator[HttpClient]:
    timeout = aiohttp.ClientTimeout(
        total=timeout_seconds * 4, sock_connect=min(CONNECT_SECONDS, timeout_seconds), sock_read=timeout_seconds
    )
    connector = aiohttp.TCPConnector(limit=concurrent_calls)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector, trust_env=False) as session:
        yield HttpClient(session)


async def local_document(url: str) -> bytes | None:
    """What a program of this machine says, whatever status it gives; None where nobody answers."""
    timeout = aiohttp.ClientTimeout(total=LOCAL_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as answer:
            return await _body(answer, _place(url))
    except (TimeoutError, aiohttp.ClientError, OSError):
        return None


async def _body(answer: aiohttp.ClientResponse, place: str) -> bytes:
    body = bytearray()
    async for part, _ in answer.content.iter_chunks():
        body += part
        if len(body) > BODY_BYTES_AT_MOST:
            raise Transient(f"{place} sent more than {BODY_BYTES_AT_MOST} bytes")
    return bytes(body)


def _place(url: str) -> str:
    """The address without its query, for messages."""
    parts = urlsplit(url)
    return f"{parts.hostname}{parts.path}"
