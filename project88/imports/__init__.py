"""Files into the hub: reads, start lists, courses. Asks no service."""

from __future__ import annotations
