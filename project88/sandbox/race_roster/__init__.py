"""The Race Roster service in parts: partner API and public results. The server ties them together."""

from __future__ import annotations
