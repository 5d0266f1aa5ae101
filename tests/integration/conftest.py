"""The operator's page over sample events of two partners, with a user of each role."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from project88.store.connection import Database
from tests.integration.operator_site import Operators, add_users, fill, serving


@pytest.fixture
async def site(db: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Operators]:
    monkeypatch.setenv("PROJECT88_HOME", str(tmp_path / "home"))
    await fill(db)
    await add_users(db)
    async with serving(db) as operators:
        yield operators
