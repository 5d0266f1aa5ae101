"""The operator's page: who may enter, what it shows, and what people do there. Writes only through the store."""

from __future__ import annotations
