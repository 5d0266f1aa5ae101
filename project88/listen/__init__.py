"""Taking reads from timing computers: conversation, ledger, spool, database. Scores nothing."""

from __future__ import annotations
