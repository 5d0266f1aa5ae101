"""What we believe, free of any vendor's words. Pure."""

from __future__ import annotations
