"""The two halves of a Basic credential. Compares nothing."""

from __future__ import annotations

import base64
import binascii

from project88.sandbox.service.replies import Refused


def basic_pair(value: str) -> tuple[str, str]:
    """The two halves of a Basic credential."""
    try:
        first, colon, second = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if not colon:
        raise Refused(401, "the Authorization header cannot be read")
    return first, second
