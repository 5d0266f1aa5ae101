"""What every stand-in does alike: listings, replies, faults, the socket. Knows no service's words."""

from __future__ import annotations
