"""Messages on the wire as values. No sockets, no clock, no SQL."""

from __future__ import annotations
