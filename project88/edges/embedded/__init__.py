"""The PostgreSQL that the hub runs itself when no database is named. Runs no SQL."""

from __future__ import annotations

from project88.edges.embedded.cluster import Server, Status, ensure_running, status, stop
from project88.edges.embedded.layout import make_home
from project88.edges.embedded.options import Options

__all__ = ["Options", "Server", "Status", "ensure_running", "make_home", "status", "stop"]
