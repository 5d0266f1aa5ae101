"""What every answer carries and what no request may do. Knows no page."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHOD = "GET"
#: The one part that takes forms, too; it looks at who sends them.
FORMS_BELOW = "/operator/"
FORM_METHOD = "POST"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Guard:
    """Adds the security headers; lets GET and the operator's forms through to ``app`` and the rest to ``refuse``."""

    def __init__(self, app: ASGIApp, refuse: ASGIApp) -> None:
        self._app = app
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Cache-Control", "no-cache")
            await send(message)

        refused = scope["type"] == "http" and scope["method"] != METHOD and not _is_form(scope)
        await (self._refuse if refused else self._app)(scope, receive, send_with_headers)


def guarded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """The headers as they go out, of an answer that does not pass the guard."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in {**HEADERS, **headers}.items()]


def _is_form(scope: Scope) -> bool:
    return scope["method"] == FORM_METHOD and str(scope["path"]).startswith(FORMS_BELOW)
