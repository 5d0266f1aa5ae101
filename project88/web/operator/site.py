"""The operator's part as routes: who may pass, the page or the deed, the answer. Knows no page and does no deed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from project88.edges.redaction import redacted
from project88.errors import HubError, UsageError
from project88.monitor import Finding
from project88.store import users
from project88.store.connection import Database
from project88.store.reads import at_primary
from project88.web.monitoring import Monitoring
from project88.web.operator.asked import LOOK_ONLY, NO_PAGE, Act, Asked, Deed, Made, Page, Show, Told
from project88.web.operator.backfills import Backfills
from project88.web.operator.following import Following, version_of
from project88.web.operator.forms import read_form
from project88.web.operator.gate import (
    DOOR_COOKIE,
    PATH,
    SESSION_COOKIE,
    Gate,
    Visitor,
    drop_cookie,
    form_token,
    new_door,
    require_own_form,
    set_cookie,
)
from project88.web.pages import Pages
from project88.web.screens import Screens

LOGIN = f"{PATH}/login"
#: Pages that follow the hub share a look.
LOOK_SECONDS = 10.0
#: By this word in its address a page is asked for its changing piece, or for the stream that tells of changes.
LIVE, PART, STREAM = "live", "part", "stream"
NOT_A_PAIR = "These are not the address and the password of a user."

Endpoint = Callable[[Request], Awaitable[Response]]


class Site:
    """``db`` may write; ``pages`` are by the login that row-level security limits. ``stop`` ends open streams."""

    def __init__(
        self, db: Database, pages: Pages, screens: Screens, templates: Environment, stop: asyncio.Event
    ) -> None:
        self._db = db
        self._pages = pages
        self._screens = screens
        self._templates = templates
        self._gate = Gate(db)
        self._following = Following(self._gate, stop)
        self._monitoring = Monitoring(LOOK_SECONDS)
        self.backfills = Backfills(db)

    def door(self) -> list[Route]:
        return [
            Route(LOGIN, self._login_page, methods=["GET"]),
            Route(LOGIN, self._log_in, methods=["POST"]),
            Route(f"{PATH}/logout", self._log_out, methods=["POST"]),
        ]

    def page(self, address: str, show: Show) -> Route:
        async def endpoint(request: Request) -> Response:
            async def render(visitor: Visitor) -> str:
                return self._part(visitor, await show(self._asked(request, visitor)))

            wanted = request.query_params.get(LIVE)
            if wanted is not None:
                follow = self._following.stream if wanted == STREAM else self._following.part
                return await follow(request, render)
            visitor = await self._gate.visitor(request)
            if visitor is None:
                return _to_login(request)
            page = await show(self._asked(request, visitor))
            return self._whole(request, visitor, page, await self._said(request, visitor))

        return Route(address, self._explained(endpoint), methods=["GET"])

    def _whole(self, request: Request, visitor: Visitor, page: Page, said: str | None) -> Response:
        follows = {}
        if page.is_live:
            version = version_of(self._part(visitor, page))
            follows = {"version": version, PART: _live_address(request, PART), STREAM: _live_address(request, STREAM)}
        values = _values_of(visitor, page) | {"frame": "operator/base.html", "said": said, "follows": follows}
        return self._render(page.template, values)

    def _part(self, visitor: Visitor, page: Page) -> str:
        if not page.is_live:
            raise HTTPException(404, NO_PAGE)
        values = _values_of(visitor, page) | {"frame": "operator/part.html"}
        return self._templates.get_template(page.template).render(values)

    def action(self, address: str, act: Act) -> Route:
        async def endpoint(request: Request) -> Response:
            visitor = await self._gate.visitor(request)
            if visitor is None:
                return _to_login(request)
            form = await read_form(request)
            require_own_form(form, visitor.token)
            if not visitor.user.may_act:
                raise HTTPException(403, LOOK_ONLY)
            return await self._carry_out(request, visitor, await act(self._asked(request, visitor), form))

        return Route(address, self._explained(endpoint), methods=["POST"])

    async def _carry_out(self, request: Request, visitor: Visitor, deed: Deed) -> Response:
        """Noted before it begins, so that nothing is done that nobody did."""
        number = await users.begin_action(self._db, visitor.user, deed.timing_partner_id, deed.action, deed.subject)
        try:
            told = await deed.carry_out()
        except HubError as error:
            why_not = redacted(str(error))
            await users.end_action(self._db, number, f"refused: {why_not}")
            return self._problem(409 if isinstance(error, UsageError) else 503, why_not, deed.back)
        if isinstance(told, Told):
            await users.end_action(self._db, number, told.outcome)
            return self._whole(request, visitor, told.page, told.outcome)
        made = Made(outcome=told, subject=deed.subject, place=deed.back) if isinstance(told, str) else told
        await users.end_action(self._db, number, made.outcome, made.subject)
        return RedirectResponse(f"{made.place}?done={number}", status_code=303)

    async def _said(self, request: Request, visitor: Visitor) -> str | None:
        """What came of the action that led here. The address holds its number and not its words."""
        done = request.query_params.get("done", "")
        is_number = done.isascii() and done.isdigit() and len(done) < 19
        return await users.outcome_of(self._db, visitor.user, int(done)) if is_number else None

    def _asked(self, request: Request, visitor: Visitor) -> Asked:
        partner = visitor.partner
        pages = at_primary(self._pages.db)
        reads = pages.of_all_partners() if partner is None else pages.of_partners([partner])
        return Asked(
            request=request,
            visitor=visitor,
            reads=reads,
            db=self._db,
            look=self._findings,
            backfills=self.backfills,
            screens=self._screens,
            updates=self._pages.updates,
        )

    async def _findings(self) -> list[Finding]:
        return (await self._monitoring.status(self._db)).checks

    async def _login_page(self, request: Request) -> Response:
        if await self._gate.visitor(request) is not None:
            return RedirectResponse(PATH, status_code=303)
        return self._door(request, None)

    async def _log_in(self, request: Request) -> Response:
        form = await read_form(request)
        require_own_form(form, request.cookies.get(DOOR_COOKIE, ""))
        try:
            token = await self._gate.log_in(request, form)
        except HTTPException as refusal:
            return self._door(request, refusal.detail, refusal.status_code)
        if token is None:
            return self._door(request, NOT_A_PAIR, 401)
        response = RedirectResponse(_own_address(form.get("next", "")), status_code=303)
        set_cookie(request, response, SESSION_COOKIE, token)
        drop_cookie(request, response, DOOR_COOKIE)
        return response

    async def _log_out(self, request: Request) -> Response:
        visitor = await self._gate.visitor(request)
        response = RedirectResponse(LOGIN, status_code=303)
        if visitor is not None:
            require_own_form(await read_form(request), visitor.token)
            await self._gate.log_out(visitor)
        drop_cookie(request, response, SESSION_COOKIE)
        return response

    def _door(self, request: Request, problem: str | None, status: int = 200) -> Response:
        door = request.cookies.get(DOOR_COOKIE) or new_door()
        wanted = _own_address(request.query_params.get("next", ""))
        values = {"problem": problem, "form_token": form_token(door), "next": wanted}
        response = self._render("operator/login.html", values, status)
        set_cookie(request, response, DOOR_COOKIE, door)
        return response

    def _explained(self, endpoint: Endpoint) -> Endpoint:
        """Problems keep the way back into the operator's part."""

        async def explained(request: Request) -> Response:
            try:
                return await endpoint(request)
            except HTTPException as problem:
                return self._problem(problem.status_code, problem.detail, PATH)
            except UsageError as problem:
                return self._problem(400, str(problem), PATH)

        return explained

    def _problem(self, status: int, advice: str, back: str) -> Response:
        return self._render("operator/problem.html", {"status": status, "advice": advice, "back": back}, status)

    def _render(self, name: str, values: dict[str, Any], status: int = 200) -> Response:
        html = self._templates.get_template(name).render(values)
        return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-store"})


def _values_of(visitor: Visitor, page: Page) -> dict[str, Any]:
    return {"visitor": visitor, "user": visitor.user, "here": page.here, **page.values}


def _live_address(request: Request, wanted: str) -> str:
    asked = [each for each in request.query_params.multi_items() if each[0] not in ("done", LIVE)]
    return f"{request.url.path}?{urlencode([*asked, (LIVE, wanted)])}"


def _to_login(request: Request) -> Response:
    """A form that was posted too late is not kept; a page is come back to."""
    wanted = request.url.path if request.method == "GET" else PATH
    return RedirectResponse(f"{LOGIN}?next={quote(wanted)}", status_code=303)


def _own_address(wanted: str) -> str:
    """Leads nowhere but to a page of ours."""
    is_ours = wanted.startswith(f"{PATH}/") and wanted.isprintable() and "\\" not in wanted
    return quote(wanted) if is_ours and not wanted.startswith(LOGIN) else PATH
