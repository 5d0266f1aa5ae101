"""Reading a form that a browser posts. Knows no page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

from project88.errors import UsageError

MEDIA_TYPE = "application/x-www-form-urlencoded"
MOST_BYTES = 16_384
MOST_FIELDS = 30

Form = Mapping[str, str]


async def read_form(request: Request) -> Form:
    """Of two fields with a name the last one counts. Raises HTTPException for what no page of ours posts."""
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise HTTPException(415, "A form of these pages is posted as a browser posts it.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise HTTPException(413, "The form is too long.")
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise HTTPException(400, "The form cannot be read.") from None
    if any("\0" in value for _, value in fields):
        raise HTTPException(400, "The form cannot be read.")
    return dict(fields)


def line_of(form: Form, name: str, most: int) -> str:
    """Raises UsageError for what is empty, longer than ``most`` letters or more than a line."""
    text = form.get(name, "").strip()
    if not 0 < len(text) <= most or not text.isprintable():
        raise UsageError(f"Give a {name} of at most {most} letters on one line.")
    return text


def day_of(form: Form, name: str) -> date | None:
    """None where the field is empty. Raises UsageError for what is no day."""
    text = form.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError("Write a day like 2026-05-02, or leave it empty.") from None


def number_of(form: Form, name: str, most: int) -> int | None:
    """None where the field is empty. Raises UsageError for what is no whole number from 1 on."""
    text = form.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 0 < int(text) <= most):
        raise UsageError(f"Give a whole number from 1 to {most}, or leave it empty.")
    return int(text)
