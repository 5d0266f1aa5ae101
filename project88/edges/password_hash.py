"""Hashes of people's passwords by scrypt, and looking whether a password is the one. Keeps none; knows no account.

scrypt is in the standard library and costs whoever guesses memory as well as time. Argon2 would do the same by a
package more.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
import unicodedata

from project88.errors import UsageError

#: 32 MiB, gone through three times. A hash carries these numbers, so that they can grow.
LOG2_COST, BLOCK_SIZE, PARALLEL = 15, 8, 3
SALT_BYTES, HASH_BYTES = 16, 32
FEWEST_CHARACTERS, MOST_CHARACTERS = 12, 1000


def checked_password(password: str) -> str:
    """Raises UsageError for one that is too easy to guess. Its text is in no message."""
    if not FEWEST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
        raise UsageError(f"a password has at least {FEWEST_CHARACTERS} characters, and at most {MOST_CHARACTERS}")
    if len(set(password)) < FEWEST_CHARACTERS // 2:
        raise UsageError("this password repeats few characters: choose another one")
    return password


def hashed(password: str) -> str:
    salt = secrets.token_bytes(SALT_BYTES)
    digest = _scrypt(password, salt, LOG2_COST, BLOCK_SIZE, PARALLEL)
    return f"scrypt${LOG2_COST}${BLOCK_SIZE}${PARALLEL}${_text(salt)}${_text(digest)}"


async def is_password(password: str, stored: str | None) -> bool:
    """Takes as long where ``stored`` is None, for an account that does not exist."""
    found = await asyncio.to_thread(_is_same, password, stored or OF_NOBODY)
    return found and stored is not None


def _is_same(password: str, stored: str) -> bool:
    _, cost, block, parallel, salt, digest = stored.split("$")
    found = _scrypt(password, base64.b64decode(salt), int(cost), int(block), int(parallel))
    return hmac.compare_digest(found, base64.b64decode(digest))


def _scrypt(password: str, salt: bytes, log2_cost: int, block: int, parallel: int) -> bytes:
    # The same letters may reach us in several encodings, by the keyboard of the day.
    text = unicodedata.normalize("NFKC", password).encode(errors="replace")
    cost = 2**log2_cost
    memory = 128 * block * (cost + parallel + 2)
    return hashlib.scrypt(text, salt=salt, n=cost, r=block, p=parallel, maxmem=memory, dklen=HASH_BYTES)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


#: Of no password: its digest is random.
OF_NOBODY = (
    f"scrypt${LOG2_COST}${BLOCK_SIZE}${PARALLEL}"
    f"${_text(secrets.token_bytes(SALT_BYTES))}${_text(secrets.token_bytes(HASH_BYTES))}"
)
