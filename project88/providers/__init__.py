"""One folder per source: only what is particular to it. Pure; the vendor's words stay inside its folder."""

from __future__ import annotations
