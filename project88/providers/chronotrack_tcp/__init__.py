"""ChronoTrack hardware: what we ask a timing computer for, and how its lines become records. No sockets, no clock."""

from __future__ import annotations
