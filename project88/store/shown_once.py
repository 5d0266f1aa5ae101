"""What is shown once and found again by what a caller shows: only its SHA-256 is stored. Makes and reads no row."""

from __future__ import annotations

import hashlib


def secret_hash(secret: str) -> bytes:
    """It is random throughout, so a slow hash would make nothing safer."""
    return hashlib.sha256(secret.encode()).digest()
