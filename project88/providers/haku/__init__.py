"""Haku: how its API is asked and how its answers become records. Pure.

Source of every fact: shared/spec/provider_apis.md, section 3. Nearly all of it is seen in one client only (O).
"""

from __future__ import annotations

from project88.providers.haku.adapter import HakuAdapter

__all__ = ["HakuAdapter"]
