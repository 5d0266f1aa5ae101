"""The JSON API: events, races, results, participants and changes for programs. Reads only; renders no page."""

from __future__ import annotations
