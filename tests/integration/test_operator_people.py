"""Users on the operator's page: an admin lets in and shuts out, and nobody else knows of the page."""

from __future__ import annotations

from typing import Any

import pytest

from project88.store.connection import Database
from tests.integration.looking import look
from tests.integration.operator_site import ADMIN, PASSWORD, READER, SUMMIT, Operators

USERS = "/operator/users"
DEE = {"email": "Dee@example.org", "name": "Dee", "role": "read_only", "partner": "2", "password": PASSWORD}


async def number_of(db: Database, email: str) -> Any:
    [row] = await look(db, "select user_id from project88_users where email = %(email)s", email=email)
    return row["user_id"]


async def test_an_admin_lets_somebody_in_and_out_again(site: Operators):
    async with site.as_user(ADMIN) as admin:
        page = await admin.post(USERS, **DEE)
        assert "Dee@example.org can log in" in page and SUMMIT in page and PASSWORD not in page
        assert "exists already" in await admin.post(USERS, status=409, **DEE)
        number = await number_of(site.db, "dee@example.org")
        async with site.as_user("dee@example.org") as dee:
            assert "River Timing" in await dee.read("/operator")
            assert "can no longer log in" in await admin.post(f"{USERS}/{number}/deactivate")
            assert "<h1>Log in</h1>" in await dee.read("/operator")
            await dee.log_in("dee@example.org", status=401)
        record = await admin.read("/operator/record")
    assert "add a user" in record and "user dee@example.org" in record and PASSWORD not in record


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("email", "nobody", 400),
        ("name", " ", 400),
        ("role", "owner", 400),
        ("role", "admin", 400),
        ("partner", "", 400),
        ("partner", "99", 409),
        ("password", "short", 400),
        ("password", "aaaaaaaaaaaaaa", 400),
    ],
)
async def test_who_cannot_be_let_in_is_refused_with_the_reason(site: Operators, field: str, value: str, status: int):
    async with site.as_user(ADMIN) as admin:
        assert "This was not done" in await admin.post(USERS, status, **{**DEE, field: value})
    assert [] == await look(site.db, "select 1 from project88_users where name = 'Dee'")


async def test_an_admin_cannot_shut_himself_out(site: Operators):
    async with site.as_user(ADMIN) as admin:
        place = f"{USERS}/{await number_of(site.db, ADMIN)}/deactivate"
        assert "cannot deactivate yourself" in await admin.post(place, status=400)
        assert place not in await admin.read(USERS)
        await admin.post(f"{USERS}/999/deactivate", status=404)


@pytest.mark.parametrize(("email", "status"), [(SUMMIT, 404), (READER, 403)])
async def test_nobody_but_an_admin_sees_or_changes_users(site: Operators, email: str, status: int):
    number = await number_of(site.db, READER)
    async with site.as_user(email) as browser:
        assert USERS not in await browser.read("/operator")
        await browser.read(USERS, status=404)
        await browser.post(USERS, status, **DEE)
        await browser.post(f"{USERS}/{number}/deactivate", status)
    assert 4 == len(await look(site.db, "select 1 from project88_users where is_active"))
