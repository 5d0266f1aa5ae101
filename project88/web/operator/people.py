"""Who may log in: an admin lists, adds and deactivates users. Shows no password."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import get_args

from starlette.exceptions import HTTPException

from project88.edges.password_hash import checked_password, hashed
from project88.errors import UsageError
from project88.records.entities import TimingPartnerId
from project88.store import users
from project88.store.partners import partners
from project88.store.users import NewUser, Role
from project88.web.operator.asked import LARGEST_ID, NO_PAGE, Asked, Deed, Page
from project88.web.operator.forms import Form, number_of

PLACE = "/operator/users"
ROLES: tuple[Role, ...] = get_args(Role)


async def listed(asked: Asked) -> Page:
    _require_admin(asked)
    values = {"users": await users.users(asked.db), "roles": ROLES, "partners": await partners(asked.db)}
    return Page(template="operator/users.html", here="users", values=values)


async def add(asked: Asked, form: Form) -> Deed:
    _require_admin(asked)
    partner = number_of(form, "partner", LARGEST_ID)
    new = NewUser(
        email=form.get("email", "").strip(),
        name=form.get("name", "").strip(),
        role=_role(form.get("role", "")),
        timing_partner_id=None if partner is None else TimingPartnerId(partner),
    )
    return Deed(
        timing_partner_id=None,
        action="add a user",
        subject=f"user {new.email}",
        back=PLACE,
        carry_out=partial(_add, asked, new, checked_password(form.get("password", ""))),
    )


async def deactivate(asked: Asked, _form: Form) -> Deed:
    _require_admin(asked)
    number = asked.number_of_path("user_id")
    user = next((each for each in await users.users(asked.db) if each.user_id == number), None)
    if user is None:
        raise HTTPException(404, NO_PAGE)
    if user.user_id == asked.visitor.user.user_id:
        raise UsageError("You cannot deactivate yourself: another admin can.")
    return Deed(
        timing_partner_id=None,
        action="deactivate a user",
        subject=f"user {user.email}",
        back=PLACE,
        carry_out=partial(_deactivate, asked, user.email),
    )


async def _add(asked: Asked, new: NewUser, password: str) -> str:
    await users.add_user(asked.db, new, await asyncio.to_thread(hashed, password))
    return f"{new.email} can log in"


async def _deactivate(asked: Asked, email: str) -> str:
    await users.deactivate(asked.db, email)
    return f"{email} can no longer log in"


def _role(word: str) -> Role:
    for role in ROLES:
        if role == word:
            return role
    raise UsageError("There is no such role.")


def _require_admin(asked: Asked) -> None:
    """For everybody else there is no such page."""
    if not asked.visitor.user.is_admin:
        raise HTTPException(404, NO_PAGE)
