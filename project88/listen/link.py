"""One timing computer from its greeting to its end: heard, kept on disk, asked again. Writes no table."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from project88 import __version__
from project88.edges import clock
from project88.edges.journal import Journal
from project88.edges.tcp import Connection
from project88.errors import BadValue
from project88.listen.accounts import Accounts, TimingAccount
from project88.listen.book import SessionBook, SessionState
from project88.listen.figures import Figures
from project88.listen.introduction import Introduction
from project88.listen.offset import ClockOffset
from project88.listen.rules import Rules
from project88.providers.chronotrack_tcp.asked import PROGRAM, settings
from project88.providers.chronotrack_tcp.reads import instant_of, timing_read
from project88.records.timing import Link, TimingLocation, TimingRead, TimingRecord, TimingSession, UnreadLine
from project88.wire.ctp01 import commands
from project88.wire.ctp01.events import (
    Acknowledged,
    AuthorizationAsked,
    Ended,
    Greeted,
    Observation,
    Refused,
    TooLong,
    Unreadable,
)
from project88.wire.ctp01.session import Event, ServerSession

log = logging.getLogger(__name__)
encode = msgspec.json.Encoder().encode

ANSWER_SECONDS = 5.0
#: Until then it must have said who it is.
INTRODUCTION_SECONDS = 60.0
#: While the spool is full, a computer waits so long between looks.
FULL_SECONDS = 0.5
LONGEST_SHOWN = 80


@dataclass(slots=True)
class Listener:
    """What all links share."""

    rules: Rules
    accounts: Accounts
    book: SessionBook
    journal: Journal
    figures: Figures
    #: False while no more reads may be taken.
    has_room: Callable[[], bool]
    links: set[TimingLink] = field(default_factory=set)

    async def serve(self, connection: Connection) -> None:
        link = TimingLink(self, connection)
        self.links.add(link)
        try:
            await link.run()
        finally:
            self.links.discard(link)


class TimingLink:
    """One connection of a timing computer."""

    def __init__(self, listener: Listener, connection: Connection) -> None:
        rules = listener.rules
        self._listener = listener
        self._connection = connection
        self._seed = secrets.token_hex(16)
        self._session = ServerSession(PROGRAM, __version__, settings(rules.authentication, self._seed))
        self._program = ("", "")
        self._account: TimingAccount | None = None
        self._introduction: Introduction | None = None
        self._early: list[Event] = []
        self._record: TimingSession | None = None
        self._state: SessionState | None = None
        self._records: list[TimingRecord] = []
        self._link_id = secrets.token_hex(8)
        self._end_reason: str | None = None
        #: Pings that wait for their answers, which come in their order.
        self._pings = 0
        self._pings_answered = asyncio.Event()
        self._is_over = False
        self._gaps_at = clock.monotonic()
        self.opened_at = clock.utc_now()
        self.offset = ClockOffset()
        self.reads = 0
        self.last_heard_at = self.opened_at

    @property
    def name(self) -> str:
        return self._connection.name

    @property
    def state(self) -> SessionState | None:
        return self._state

    @property
    def account(self) -> TimingAccount | None:
        return self._account

    async def run(self) -> None:
        """Until the computer goes, is refused, or the hub stops; what was heard by then is on disk."""
        reason = "the hub stopped"
        try:
            reason = await self._converse()
        finally:
            self._is_over = True
            self._pings_answered.set()
            if self._state is not None and self._state.link is self:
                self._state.link = None
            await self._note_end(reason)

    async def answers(self) -> bool:
        """Whether the computer is there: it answers a ping within a few seconds.

        Nothing else is a sign. Reads may be on the way still from one that has gone and is back on another link.
        """
        self._ping()
        if not await self._connection.write(self._session.outgoing()):
            return False
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._pings_answered.wait()
        except TimeoutError:
            return False
        return not self._is_over

    def end(self, reason: str) -> None:
        self._end_reason = reason
        self._connection.cut()

    async def _converse(self) -> str:
        """Why it ended."""
        listener, rules = self._listener, self._listener.rules
        if not rules.may_come_from(self._connection.address):
            return self._refuse("it comes from a network that is not allowed")
        is_asked = False
        while True:
            while not listener.has_room():
                await clock.sleep(FULL_SECONDS)
            data = await self._connection.read(rules.silent_seconds)
            if data is None and is_asked:
                return "it does not answer"
            is_asked = data is None and self._ask_for_a_sign()
            reason = None if data is None else await self._take(data)
            if self._is_too_slow():
                reason = self._refuse("it did not say who it is in time")
            self._ask_for_gaps()
            if not await self._connection.write(self._session.outgoing()):
                return "it does not take what is sent"
            if reason is not None:
                return reason

    async def _take(self, data: bytes) -> str | None:
        """Why the link is to end, None where it goes on. When it returns, what was heard is on disk."""
        self.last_heard_at = clock.utc_now()
        reason = None
        for event in self._session.receive(data):
            reason = reason or await self._hear(event)
        await self._keep()
        return reason

    async def _hear(self, event: Event) -> str | None:
        match event:
            case Greeted():
                self._program = (event.program, event.version)
                if self._listener.rules.anybody is not None:
                    self._admit(self._listener.rules.anybody)
            case AuthorizationAsked():
                return self._authorize(event)
            case Acknowledged() | Refused():
                await self._hear_answer(event)
            case Observation() if self._state is not None:
                self._observe(self._state, event)
            case Observation():
                self._early.append(event)
            case Unreadable():
                self._unread(event.raw, event.reason)
            case TooLong():
                self._unread(event.rest, "the line is longer than a line can be")
                return "it sent a line that is too long"
            case Ended():
                if event.rest:
                    self._unread(event.rest, "the link ended within the line")
                return "the computer ended it"
        return None

    def _authorize(self, asked: AuthorizationAsked) -> str | None:
        rules = self._listener.rules
        account = self._listener.accounts.proven(asked, rules.authentication, self._seed)
        if self._session.judge(asked, None if account is None else account.password):
            assert account is not None
            self._session.read_as(account.settings.field_order)
            self._admit(account)
            return None
        return self._refuse(f"user {_shown(asked.user)} or the password is wrong")

    def _admit(self, account: TimingAccount) -> None:
        self._account = account
        self._introduction = Introduction(*self._program, account.user)
        for question in self._introduction.questions():
            self._session.ask(question)

    async def _hear_answer(self, answer: Acknowledged | Refused) -> None:
        # A program that does not know the command is there, too.
        if self._pings and answer.command in ("ping", ""):
            self._pings -= 1
            if not self._pings:
                self._pings_answered.set()
        introduction = self._introduction
        if introduction is None or self._state is not None or not introduction.hear(answer):
            return
        if introduction.is_complete:
            await self._open(introduction)

    async def _open(self, introduction: Introduction) -> None:
        """From here on reads have a session. Every location is resumed at the number that follows what is on disk."""
        assert self._account is not None
        partner = self._account.timing_partner_id
        record = introduction.session(partner, self.opened_at)
        state = self._listener.book.open(record)
        if state.link is not None and await state.link.answers():
            log.warning("two timing computers say the same of themselves; %s is kept apart by its address: give each "
                        "computer an account of its own", self.name, extra={"action": "timing_twins"})  # fmt: skip
            record = introduction.session(partner, self.opened_at, apart=self._connection.address)
            state = self._listener.book.open(record)
        if state.link is not None:
            state.link.end("the same computer connected again")
        state.link, self._state, self._record = self, state, record
        self._records += [record, self._link()]
        for location in introduction.locations:
            self._start(state, location, None, None)
        early, self._early = self._early, []
        for event in early:
            if isinstance(event, Observation):
                self._observe(state, event)
        log.info("timing computer %s of partner %s: %s, %d locations", self.name, partner,
                 _shown(record.timing_event_name or "an event without a name"), len(introduction.locations),
                 extra={"action": "timing_link_opened"})  # fmt: skip

    def _start(self, state: SessionState, location: str, controller: str | None, raw: str | None) -> None:
        """Let a location send; a new one never starts by itself."""
        at = clock.utc_now()
        self._records.append(
            TimingLocation(
                timing_partner_id=state.timing_partner_id,
                session_key=state.key,
                location=location,
                controller_id=controller,
                raw_line=raw,
                at=at,
            )
        )
        self._ask_start(location, state.ledger(location).resume())

    def _ask_start(self, location: str, sequence: int) -> None:
        try:
            self._session.ask(commands.start(location, sequence))
        except ValueError as error:
            self._unread(location, f"the location cannot be asked for: {error}")

    def _observe(self, state: SessionState, seen: Observation) -> None:
        if seen.kind == "newlocation" and seen.location.isprintable():
            self._start(state, seen.location, seen.reader, seen.raw)
            return
        received_at = clock.utc_now()
        context = state.context(seen.location)
        try:
            read = timing_read(seen, 1, context, received_at)
        except BadValue as error:
            self._unread(seen.raw, str(error))
            return
        numbering = state.ledger(seen.location).place(read.sequence_number, read.content_key)
        self._records.append(read if numbering == 1 else msgspec.structs.replace(read, numbering=numbering))
        if seen.kind == "read":
            at = instant_of(read, context.zone)
            self.offset.note(at, self._listener.book.hub_time(received_at))
            state.last_read_at[seen.location] = at

    def _unread(self, raw: str, reason: str) -> None:
        """Only a computer that has said who it is leaves lines behind: anybody may knock at the port."""
        account = self._account
        if account is None:
            log.info("%s sent a line before its authorization: %s", self.name, reason, extra={"action": "timing_knock"})
            return
        self._records.append(
            UnreadLine(
                timing_partner_id=account.timing_partner_id,
                session_key="" if self._state is None else self._state.key,
                reason=reason,
                raw_line=_without_proof(raw),
                source="stream",
                received_at=clock.utc_now(),
            )
        )

    async def _keep(self) -> None:
        """On the disk first; only then the ledger counts it."""
        records, self._records = self._records, []
        if not records:
            return
        await self._listener.journal.append([encode(record) for record in records])
        reads = [record for record in records if isinstance(record, TimingRead)]
        for read in reads:
            assert self._state is not None
            self._state.ledger(read.location).confirm(read.sequence_number, read.numbering)
        self.reads += len(reads)
        self._listener.figures.kept(len(reads), clock.utc_now())

    def _ask_for_gaps(self) -> None:
        if self._state is None or clock.monotonic() - self._gaps_at < self._listener.rules.gap_seconds:
            return
        self._gaps_at = clock.monotonic()
        for location, ledger in self._state.ledgers.items():
            if (begin := ledger.again()) is not None:
                log.warning("%s lacks %s at %s; asked for again", self.name, ledger.missing[:3], _shown(location),
                            extra={"action": "timing_gap"})  # fmt: skip
                self._ask_start(location, begin)

    def _is_too_slow(self) -> bool:
        waited = clock.utc_now() - self.opened_at
        return self._state is None and waited.total_seconds() > INTRODUCTION_SECONDS

    def _ping(self) -> None:
        self._pings += 1
        self._pings_answered.clear()
        self._session.ask(commands.line("ping"))

    def _ask_for_a_sign(self) -> bool:
        """False before a computer may be asked anything."""
        if self._account is None:
            return False
        self._ping()
        return True

    def _refuse(self, reason: str) -> str:
        self._listener.figures.refused()
        log.warning("%s is refused: %s", self.name, reason, extra={"action": "timing_link_refused"})
        return reason

    async def _note_end(self, reason: str) -> None:
        if self._record is None:
            return
        reason = self._end_reason or reason
        log.info("timing computer %s is gone: %s", self.name, reason, extra={"action": "timing_link_closed"})
        await asyncio.shield(
            self._listener.journal.append([encode(self._link(closed_at=clock.utc_now(), reason=reason))])
        )

    def _link(self, closed_at: datetime | None = None, reason: str | None = None) -> Link:
        assert self._record is not None
        return Link(
            timing_partner_id=self._record.timing_partner_id,
            session_key=self._record.key,
            link_id=self._link_id,
            address=self._connection.address,
            opened_at=self.opened_at,
            closed_at=closed_at,
            reason=reason,
            reads=self.reads,
            clock_offset_ms=self.offset.milliseconds,
        )


def _without_proof(raw: str) -> str:
    """A computer that logs in where nobody asked for it sends a password, which is not ours to keep."""
    word, _, rest = raw.partition(commands.SEPARATOR)
    return f"{word}~{rest.partition(commands.SEPARATOR)[0]}~***" if word == "authorize" else raw


def _shown(text: str) -> str:
    """Of a stranger's text on one line."""
    return repr(text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "...")
