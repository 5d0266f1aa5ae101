"""Results pages over the unified views. Reads only; collects nothing."""

from __future__ import annotations
