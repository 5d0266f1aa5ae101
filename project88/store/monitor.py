"""What the monitor asks the database. Judges nothing."""

from __future__ import annotations

from typing import Any, Literal

from project88.store.connection import Database
from project88.store.queries import load

queries = load("monitor")

Question = Literal[
    "last_success",
    "fruitless",
    "attempts",
    "failing_polls",
    "heartbeats",
    "left_alone",
    "duplicates",
    "timing_links",
    "unscored",
    "waiting_for_a_person",
    "without_results",
]


async def metrics(db: Database) -> dict[str, int]:
    """The four figures of the deployment page's monitor."""
    return await db.row(queries["metrics"]) or {}


async def asked(db: Database, question: Question) -> list[dict[str, Any]]:
    """The rows that answer a question of monitor.sql."""
    return await db.rows(queries[question])


async def last_backups(db: Database) -> dict[str, Any]:
    return await db.row(queries["last_backups"]) or {}


async def schema_problems(db: Database) -> list[dict[str, Any]]:
    """Raises StoreError where the self-check is missing: then nothing is known of the schema."""
    return await db.rows(queries["schema_problems"])
