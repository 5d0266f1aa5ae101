"""The Haku service in parts: who calls, what is answered. The server ties them together."""

from __future__ import annotations
