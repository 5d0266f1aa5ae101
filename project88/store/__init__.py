"""The only Python that runs SQL; the statements stand in the .sql files beside it."""

from __future__ import annotations
