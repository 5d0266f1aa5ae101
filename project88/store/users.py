"""The users of the operator's page: accounts, sessions, failed logins, what each did. Hashes no password."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg.errors import ForeignKeyViolation

from project88.errors import UsageError
from project88.records.entities import TimingPartnerId
from project88.store.connection import Database
from project88.store.queries import load

queries = load("users")

Role = Literal["admin", "partner_staff", "read_only"]
#: A session ends so long after the login, and after so long without a page.
SESSION_HOURS = 12
IDLE_MINUTES = 120
#: Failed logins within these minutes after which further ones are refused: of one account from one address, of one
#: account from anywhere, and from one address. Nobody locks a user out from a single address of his own.
FAILURE_MINUTES = 15
FAILURES_OF_ACCOUNT_HERE = 5
FAILURES_OF_ACCOUNT = 50
FAILURES_OF_ADDRESS = 30
FAILURES_AT_MOST = (FAILURES_OF_ACCOUNT_HERE, FAILURES_OF_ACCOUNT, FAILURES_OF_ADDRESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """``timing_partner_id`` is None for an admin, who sees all partners."""

    user_id: int
    timing_partner_id: TimingPartnerId | None
    company_name: str | None
    name: str
    email: str
    role: Role
    is_active: bool
    created_at: datetime

    @property
    def may_act(self) -> bool:
        return self.role != "read_only"

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """Somebody who shall be let in. Raises UsageError for who cannot be."""

    email: str
    name: str
    role: Role
    timing_partner_id: TimingPartnerId | None

    def __post_init__(self) -> None:
        name, at, host = self.email.rpartition("@")
        if not (name and at and host) or not self.email.isprintable() or " " in self.email:
            raise UsageError(f"{self.email!r} is no e-mail address")
        if not self.name or not self.name.isprintable():
            raise UsageError("the name must be readable text on one line")
        if (self.role == "admin") != (self.timing_partner_id is None):
            raise UsageError("an admin belongs to no timing partner, and every other user to one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Who stands at the door: a digest of the account that was typed, and where it came from."""

    account_sha256: bytes
    address: str

    def parameters(self) -> dict[str, Any]:
        return {"account_sha256": self.account_sha256, "address": self.address}


async def add_user(db: Database, new: NewUser, password_hash: str) -> int:
    """Raises UsageError where the address is known or the partner is not."""
    parameters = {**asdict(new), "password_hash": password_hash}
    async with db.connection() as connection:
        try:
            row = await (await connection.execute(queries["add"], parameters)).fetchone()
        except ForeignKeyViolation:
            raise UsageError(
                f"timing partner {new.timing_partner_id} does not exist: see project88 partner list"
            ) from None
    if row is None:
        raise UsageError(f"a user with the address {new.email} exists already: see project88 user list")
    return int(row[0])


async def users(db: Database) -> list[User]:
    return [User(**row) for row in await db.rows(queries["list"], {"email": None})]


async def set_password(db: Database, email: str, password_hash: str) -> None:
    await _change(db, "set_password", {"email": email, "password_hash": password_hash})


async def deactivate(db: Database, email: str) -> None:
    await _change(db, "deactivate", {"email": email})


async def password_hash_of(db: Database, email: str) -> str | None:
    """None where nobody may log in with the address."""
    found = await db.value(queries["password_of"], {"email": email})
    return None if found is None else str(found)


async def may_try(db: Database, door: Door) -> bool:
    """Note a login before its password is looked at. False: too many have failed, so this one is not looked at."""
    async with db.transaction() as connection:
        await connection.execute(queries["one_login_at_a_time"])
        parameters = {**door.parameters(), "minutes": FAILURE_MINUTES}
        row = await (await connection.execute(queries["failures"], parameters)).fetchone()
        if row is None or any(failed >= most for failed, most in zip(row, FAILURES_AT_MOST, strict=True)):
            return False
        await connection.execute(queries["note_failure"], door.parameters())
    return True


async def begin_session(db: Database, email: str, token_sha256: bytes, door: Door) -> bool:
    """After a login with the right password. False: the user was deactivated meanwhile."""
    parameters = {"email": email, "token_sha256": token_sha256, "hours": SESSION_HOURS}
    async with db.transaction() as connection:
        began = (await connection.execute(queries["begin_session"], parameters)).rowcount == 1
        if began:
            await connection.execute(queries["forget_failures"], door.parameters())
    return began


async def user_of_session(db: Database, token_sha256: bytes) -> User | None:
    """Somebody uses the session, which therefore lasts."""
    user = await onlooker_of_session(db, token_sha256)
    if user is not None:
        await db.execute(queries["saw_session"], {"token_sha256": token_sha256})
    return user


async def onlooker_of_session(db: Database, token_sha256: bytes) -> User | None:
    """A page that is open asks by itself: nobody need be there, and the session ends as if it did not."""
    parameters = {"token_sha256": token_sha256, "idle_minutes": IDLE_MINUTES}
    row = await db.row(queries["of_session"], parameters)
    return None if row is None else User(**row)


async def end_session(db: Database, token_sha256: bytes) -> None:
    await db.execute(queries["end_session"], {"token_sha256": token_sha256})


async def begin_action(
    db: Database, user: User, timing_partner_id: TimingPartnerId | None, action: str, subject: str
) -> int:
    parameters = {
        "timing_partner_id": timing_partner_id,
        "user_id": user.user_id,
        "email": user.email,
        "action": action,
        "subject": subject,
    }
    return int(await db.value(queries["begin_action"], parameters))


async def end_action(db: Database, user_action_id: int, outcome: str, subject: str | None = None) -> None:
    """``subject`` None: it stays as it was when the action began."""
    parameters = {"user_action_id": user_action_id, "outcome": outcome, "subject": subject}
    await db.execute(queries["end_action"], parameters)


async def outcome_of(db: Database, user: User, user_action_id: int) -> str | None:
    """What came of an action; None where it is not the user's."""
    parameters = {"user_action_id": user_action_id, "user_id": user.user_id}
    found = await db.value(queries["outcome"], parameters)
    return None if found is None else str(found)


async def actions(
    db: Database, timing_partner_id: TimingPartnerId | None, subject: str | None, at_most: int
) -> list[dict[str, Any]]:
    parameters = {"timing_partner_id": timing_partner_id, "subject": subject, "at_most": at_most}
    return await db.rows(queries["actions"], parameters)


async def _change(db: Database, name: str, parameters: dict[str, Any]) -> None:
    if await db.value(queries[name], parameters) is None:
        raise UsageError(f"no user has the address {parameters['email']}: see project88 user list")
