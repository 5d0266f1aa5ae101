"""ChronoTrack's socket protocol CTP01 and the line format CTFF01, both roles. No sockets, no clock, no SQL.

Read in this order: events, times, lines, framing, settings, authentication, commands, session.
"""

from __future__ import annotations
