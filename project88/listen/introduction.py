"""What a timing computer says of itself before it may send reads: three questions and their answers. Pure."""

from __future__ import annotations

from datetime import datetime

from xxhash import xxh3_64_hexdigest

from project88.records.entities import TimingPartnerId
from project88.records.timing import TimingSession
from project88.records.units import text
from project88.wire.ctp01 import commands
from project88.wire.ctp01.events import Acknowledged, Refused

QUESTIONS = ("getconnectionid", "geteventinfo", "getlocations")


class Introduction:
    """Collects the answers. One that is refused counts as one: older programs know no connection id."""

    def __init__(self, program: str, version: str, account: str | None) -> None:
        self._program = program
        self._version = version
        self._account = account
        self._answers: dict[str, tuple[str, ...]] = {}

    def questions(self) -> list[str]:
        return [commands.line(question) for question in QUESTIONS]

    def hear(self, answer: Acknowledged | Refused) -> bool:
        """Whether it answers one of the questions. An error that names no command is about the oldest open one."""
        waiting = [question for question in QUESTIONS if question not in self._answers]
        question = answer.command or (waiting[0] if waiting else "")
        if question not in waiting:
            return False
        self._answers[question] = answer.fields if isinstance(answer, Acknowledged) else ()
        return True

    @property
    def is_complete(self) -> bool:
        return len(self._answers) == len(QUESTIONS)

    @property
    def locations(self) -> list[str]:
        """Those that the computer knows by now."""
        return [location for location in self._answers.get("getlocations", ()) if location and location.isprintable()]

    def session(self, timing_partner_id: TimingPartnerId, at: datetime, apart: str = "") -> TimingSession:
        """``apart`` tells computers apart that say the same of themselves at the same time."""
        name, number, description = self._event_info()
        connection_id = self._field("getconnectionid", 0)
        said = "~".join((self._account or "", number or "", name or "", connection_id or "", apart))
        return TimingSession(
            timing_partner_id=timing_partner_id,
            key=xxh3_64_hexdigest(said.encode()),
            account=self._account,
            program=self._program,
            version=self._version,
            connection_id=connection_id,
            timing_event_id=number,
            timing_event_name=name,
            description=description,
            at=at,
        )

    def _event_info(self) -> tuple[str | None, str | None, str | None]:
        return self._field("geteventinfo", 0), self._field("geteventinfo", 1), self._field("geteventinfo", 2)

    def _field(self, question: str, number: int) -> str | None:
        """Without control characters: it is shown to people."""
        fields = self._answers.get(question, ())
        return text(fields[number]) if number < len(fields) else None
