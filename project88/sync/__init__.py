"""The one use-case: fetch, normalise, store, and account for it. The only place where source and store meet."""

from __future__ import annotations
