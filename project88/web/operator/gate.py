"""Who somebody is: login, session cookie, the token in every form. Knows no page and keeps no password."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from project88.edges.password_hash import MOST_CHARACTERS, is_password
from project88.records.entities import TimingPartnerId
from project88.store import users
from project88.store.connection import Database
from project88.store.users import Door, User
from project88.web.operator.forms import Form

SESSION_COOKIE = "project88_session"
#: Of the login form, whose sender has no session yet.
DOOR_COOKIE = "project88_door"
PATH = "/operator"
TOKEN_FIELD = "form_token"
TOKEN_BYTES = 32
#: Passwords that are looked at at once: each takes 32 MiB for a while.
AT_ONCE = 2
HTTPS = "https"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A user with the session that a request came with."""

    user: User
    token: str = field(repr=False)

    @property
    def partner(self) -> TimingPartnerId | None:
        """Whose rows the visitor sees; None: everybody's."""
        return self.user.timing_partner_id

    @property
    def form_token(self) -> str:
        return form_token(self.token)


class TooManyFailures(HTTPException):
    """Further logins are not looked at for a while."""

    def __init__(self) -> None:
        super().__init__(429, f"Too many logins have failed. Wait {users.FAILURE_MINUTES} minutes, then try again.")


class Gate:
    """One per application."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._places = asyncio.Semaphore(AT_ONCE)

    async def visitor(self, request: Request) -> Visitor | None:
        """None where the request comes with no session that still lasts."""
        token = request.cookies.get(SESSION_COOKIE, "")
        user = await users.user_of_session(self._db, _digest(token)) if token else None
        return None if user is None else Visitor(user=user, token=token)

    async def onlooker(self, request: Request) -> Visitor | None:
        """The same for what an open page asks by itself, which keeps no session alive."""
        token = request.cookies.get(SESSION_COOKIE, "")
        user = await users.onlooker_of_session(self._db, _digest(token)) if token else None
        return None if user is None else Visitor(user=user, token=token)

    async def log_in(self, request: Request, form: Form) -> str | None:
        """The token of a new session; None where address and password are not those of a user."""
        email, password = form.get("email", "").strip(), form.get("password", "")
        door = Door(account_sha256=_digest(email.lower()), address=request.client.host if request.client else "")
        if not await users.may_try(self._db, door):
            raise TooManyFailures
        stored = await users.password_hash_of(self._db, email)
        async with self._places:
            is_right = await is_password(password[:MOST_CHARACTERS], stored)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        return token if is_right and await users.begin_session(self._db, email, _digest(token), door) else None

    async def log_out(self, visitor: Visitor) -> None:
        await users.end_session(self._db, _digest(visitor.token))


def new_door() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def form_token(token: str) -> str:
    """What a form carries to prove that it came from a page of this session; it does not tell the session's token."""
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()


def require_own_form(form: Form, token: str) -> None:
    """Raises HTTPException for a form that no page of the session made."""
    given = form.get(TOKEN_FIELD, "").encode()
    if not token or not hmac.compare_digest(given, form_token(token).encode()):
        raise HTTPException(403, "This form was not sent from a page of yours. Go back, reload the page and try again.")


def set_cookie(request: Request, response: Response, name: str, value: str) -> None:
    """Not readable by scripts, sent to these pages only, never from another site."""
    response.set_cookie(name, value, path=PATH, httponly=True, samesite="strict", secure=is_https(request))


def drop_cookie(request: Request, response: Response, name: str) -> None:
    response.delete_cookie(name, path=PATH, httponly=True, samesite="strict", secure=is_https(request))


def is_https(request: Request) -> bool:
    """Also where a trusted proxy says it."""
    return request.url.scheme == HTTPS


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="replace")).digest()
