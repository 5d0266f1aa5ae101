"""When to ask next, and the collecting of a live event at those instants."""

from __future__ import annotations
