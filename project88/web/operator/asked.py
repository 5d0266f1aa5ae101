"""What a page or an action of the operator's part gets: who asks, and databases limited to that. Changes nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from project88.errors import UsageError
from project88.monitor import Finding
from project88.records.entities import TimingPartnerId
from project88.store import operator
from project88.store.connection import Database
from project88.store.events import StoredEvent, find_event
from project88.web.operator.backfills import Backfills
from project88.web.operator.forms import Form, number_of
from project88.web.operator.gate import Visitor
from project88.web.screens import Screens
from project88.web.updates import Updates

LARGEST_ID = 2**31 - 1
LARGEST_NUMBER = 2**63 - 1
NO_PAGE = "Nothing stands at this address that you may see."
LOOK_ONLY = "You may look and change nothing."

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """``reads`` sees the rows of the visitor's partner only, by row-level security; ``db`` sees and writes all."""

    request: Request
    visitor: Visitor
    reads: Database
    db: Database
    look: Callable[[], Awaitable[list[Finding]]]
    backfills: Backfills
    #: Displays as everybody sees them, and who follows which.
    screens: Screens
    updates: Updates

    @property
    def partner(self) -> TimingPartnerId | None:
        """Whom every question is limited to; None: nobody, for an admin."""
        return self.visitor.partner

    def partner_of_path(self) -> TimingPartnerId:
        """Raises HTTPException where the visitor may not see the partner whom the address names."""
        number = TimingPartnerId(self.request.path_params["partner"])
        if number > LARGEST_ID or self.partner not in (None, number):
            raise HTTPException(404, NO_PAGE)
        return number

    def number_of_path(self, name: str) -> int:
        number = int(self.request.path_params[name])
        if number > LARGEST_NUMBER:
            raise HTTPException(404, NO_PAGE)
        return number

    async def partner_of_form(self, form: Form) -> TimingPartnerId | None:
        """A visitor's own one whatever the form says; whom an admin names, None where nobody is named.

        Raises UsageError where there is no such partner.
        """
        if self.partner is not None:
            return self.partner
        number = number_of(form, "partner", LARGEST_ID)
        if number is None:
            return None
        if await operator.partner_name(self.reads, TimingPartnerId(number)) is None:
            raise UsageError("There is no such timing partner.")
        return TimingPartnerId(number)

    async def event(self) -> StoredEvent:
        """The event that the address names, by our id. Raises HTTPException where the visitor may not see one."""
        partner, event_id = self.partner_of_path(), self.request.path_params["event_id"]
        if "\0" in event_id:
            raise HTTPException(404, NO_PAGE)
        try:
            return await find_event(self.reads, event_id, partner)
        except UsageError:
            raise HTTPException(404, NO_PAGE) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """``here``: which part of the navigation it belongs to. One that is live follows what it shows."""

    template: str
    here: str
    values: Values
    is_live: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An outcome with the page that shows it now and never again: it holds a secret that is kept nowhere."""

    outcome: str
    page: Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An outcome of which is known only now what it was done on and which page shows it."""

    outcome: str
    subject: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What a form asks for, looked up and not yet done. ``back`` is the page that shows it, unless it was Made.

    One that is Told comes with its page.
    """

    timing_partner_id: TimingPartnerId | None
    action: str
    subject: str
    back: str
    carry_out: Callable[[], Awaitable[str | Made | Told]]


Show = Callable[[Asked], Awaitable[Page]]
Act = Callable[[Asked, Form], Awaitable[Deed]]
