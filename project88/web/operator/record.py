"""What people did on the operator's page, the newest first."""

from __future__ import annotations

from project88.store import users
from project88.web.operator.asked import Asked, Page

ROWS = 200


async def shown(asked: Asked) -> Page:
    found = await users.actions(asked.db, asked.partner, None, ROWS)
    return Page(template="operator/record.html", here="record", values={"actions": found, "rows": ROWS})
