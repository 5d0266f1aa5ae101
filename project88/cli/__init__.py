"""The command line. Ties edges, store and the use-cases together; holds no rule of its own."""

from __future__ import annotations
