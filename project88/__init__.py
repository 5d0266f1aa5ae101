"""Project88: race results from every source, in one place. Imports nothing heavy."""

from __future__ import annotations

__version__ = "0.1.0"
