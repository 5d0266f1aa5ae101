"""From reads, entries and courses to results. Pure: the same reads in any order give the same results."""

from __future__ import annotations
