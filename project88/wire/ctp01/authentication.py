"""The six ways to prove a password. No sockets, no clock, no SQL.

All digests are lower-case hex. The hashed kinds need the password itself on both sides.
"""

from __future__ import annotations

import hashlib
import hmac

from project88.wire.ctp01.settings import Authentication


def response(kind: Authentication, password: str, seed: str) -> str:
    """What a timing computer sends behind its user's name."""
    key, message = password.encode(), seed.encode()
    match kind:
        case "none":
            return ""
        case "plaintext":
            return password
        case "hmac-sha1":
            return hmac.new(key, message, hashlib.sha1).hexdigest()
        case "hmac-md5":
            return hmac.new(key, message, hashlib.md5).hexdigest()
        case "seed-sha1":
            return hashlib.sha1(message + key, usedforsecurity=False).hexdigest()
        case "seed-md5":
            return hashlib.md5(message + key, usedforsecurity=False).hexdigest()


def proves(kind: Authentication, password: str, seed: str, said: str) -> bool:
    """Whether what was said is right. Takes the same time whatever is wrong with it."""
    wanted = response(kind, password, seed)
    said = said.strip() if kind == "plaintext" else said.strip().lower()
    return hmac.compare_digest(wanted.encode(), said.encode())
