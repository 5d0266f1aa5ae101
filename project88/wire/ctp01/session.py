"""The CTP01 conversation of both roles as a table of states. No sockets, no clock, no SQL.

``receive`` takes bytes as they come and gives events; what must be answered at once is put into ``outgoing``, which
the owner sends. Nothing that is received raises an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeAlias

from project88.errors import BadValue
from project88.wire.ctp01 import commands
from project88.wire.ctp01.authentication import proves, response
from project88.wire.ctp01.events import (
    Acknowledged,
    Asked,
    AuthorizationAsked,
    Ended,
    Greeted,
    Observation,
    Pinged,
    Refused,
    TooLong,
    Unreadable,
)
from project88.wire.ctp01.framing import Framer
from project88.wire.ctp01.lines import Order, is_line, read_line, write_line
from project88.wire.ctp01.settings import Settings, read_settings

PROTOCOL = "CTP01"

Event: TypeAlias = (
    Acknowledged
    | Asked
    | AuthorizationAsked
    | Ended
    | Greeted
    | Observation
    | Pinged
    | Refused
    | Settings
    | TooLong
    | Unreadable
)


class State(StrEnum):
    greeting = "greeting"
    settings = "settings"
    authorizing = "authorizing"
    ready = "ready"
    closed = "closed"


#: What leads from one state to another; every other event leaves the state as it is.
SERVER_TRANSITIONS: Mapping[State, Mapping[str, State]] = {
    State.greeting: {"greeted": State.ready, "greeted, password wanted": State.authorizing, "end": State.closed},
    State.authorizing: {"accepted": State.ready, "refused": State.closed, "end": State.closed},
    State.ready: {"end": State.closed},
    State.closed: {},
}
CLIENT_TRANSITIONS: Mapping[State, Mapping[str, State]] = {
    State.greeting: {"greeted": State.settings, "greeted, no settings": State.ready, "end": State.closed},
    State.settings: {
        "last setting": State.ready,
        "last setting, password wanted": State.authorizing,
        "end": State.closed,
    },
    State.authorizing: {"accepted": State.ready, "refused": State.closed, "end": State.closed},
    State.ready: {"end": State.closed},
    State.closed: {},
}


class _Session:
    """What both roles share: framing, the state, and what is to be sent."""

    _transitions: Mapping[State, Mapping[str, State]]

    def __init__(self, hear_in: Mapping[State, Callable[[str], list[Event]]]) -> None:
        """``hear_in`` says what a line means in each state that the role can be in."""
        self.state = State.greeting
        self._hear_in = {**hear_in, State.closed: _too_late}
        self._framer = Framer()
        self._outgoing: list[str] = []

    def receive(self, data: bytes) -> list[Event]:
        """What happened; empty data is the end of the stream."""
        if self.state is State.closed:
            return []
        if not data:
            self._go("end")
            return [Ended(rest=self._framer.rest())]
        events = [event for text in self._framer.feed(data) for event in self._hear(text)]
        if self._framer.is_overlong:
            self._go("end")
            events.append(TooLong(rest=self._framer.rest()))
        return events

    def outgoing(self) -> bytes:
        """What is to be sent now; asked again it is empty."""
        sent, self._outgoing = "".join(self._outgoing), []
        return sent.encode()

    def _hear(self, text: str) -> list[Event]:
        return self._hear_in[self.state](text)

    def _go(self, cause: str) -> None:
        self.state = self._transitions[self.state].get(cause, self.state)


def _too_late(text: str) -> list[Event]:
    return [Unreadable(raw=text, reason="it came after the end")]


class ServerSession(_Session):
    """The scoring side: it is greeted, says what it wants, and hears reads."""

    _transitions = SERVER_TRANSITIONS

    def __init__(self, program: str, version: str, settings: Settings, order: Order = "gator_first") -> None:
        super().__init__(
            {
                State.greeting: self._hear_greeting,
                State.authorizing: self._hear_authorization,
                State.ready: self._hear_line,
            }
        )
        self._name = (program, version)
        self._settings = settings
        self._order = order

    def judge(self, asked: AuthorizationAsked, password: str | None) -> bool:
        """Answer an authorization; None stands for a user that is not known. Whether it was right."""
        settings = self._settings
        # A password that nobody has takes as long to find wrong as one that somebody has.
        is_right = proves(settings.authentication, password or "", settings.authentication_seed, asked.response)
        is_right = is_right and password is not None
        self._outgoing.append(commands.line("ack" if is_right else "err", "authorize"))
        self._go("accepted" if is_right else "refused")
        return is_right

    def read_as(self, order: Order) -> None:
        """What is known of the sender's order of fields only once it has said who it is."""
        self._order = order

    def ask(self, command: str) -> None:
        """A line of commands.py. Raises ValueError before the other side may be asked."""
        if self.state is not State.ready:
            raise ValueError(f"nothing can be asked while {self.state}")
        self._outgoing.append(command)

    def _hear_greeting(self, text: str) -> list[Event]:
        fields = text.split(commands.SEPARATOR)
        if len(fields) != 3 or fields[2] != PROTOCOL:
            return [Unreadable(raw=text, reason=f"it is no greeting of {PROTOCOL}")]
        lines = self._settings.lines()
        self._outgoing.append(commands.line(*self._name, str(len(lines))))
        self._outgoing += [f"{line}{commands.END}" for line in lines]
        self._go("greeted" if self._settings.authentication == "none" else "greeted, password wanted")
        return [Greeted(program=fields[0], version=fields[1])]

    def _hear_authorization(self, text: str) -> list[Event]:
        word, *fields = text.split(commands.SEPARATOR, 2)
        if word != "authorize" or len(fields) != 2:
            return [Unreadable(raw=text, reason="it came before the authorization")]
        return [AuthorizationAsked(user=fields[0], response=fields[1])]

    def _hear_line(self, text: str) -> list[Event]:
        if is_line(text):
            try:
                return [read_line(text, self._order)]
            except BadValue as error:
                return [Unreadable(raw=text, reason=str(error))]
        if text == "ping":
            self._outgoing.append(commands.line("ack", "ping"))
            return [Pinged()]
        answer = commands.read_answer(text)
        return [answer or Unreadable(raw=text, reason="it is neither a read nor an answer")]


class ClientSession(_Session):
    """The timing side, as the rig plays it: it greets, proves its password, obeys commands and sends reads."""

    _transitions = CLIENT_TRANSITIONS

    def __init__(self, program: str, version: str, order: Order = "gator_first") -> None:
        super().__init__(
            {
                State.greeting: self._hear_greeting,
                State.settings: self._hear_setting,
                State.authorizing: self._hear_authorization,
                State.ready: self._hear_line,
            }
        )
        self.settings = Settings()
        self._order = order
        self._missing = 0
        self._said: list[str] = []
        self._outgoing.append(commands.line(program, version, PROTOCOL))

    def authorize(self, user: str, password: str) -> None:
        """Raises ValueError where nobody asked for it."""
        if self.state is not State.authorizing:
            raise ValueError(f"nobody asks for a password while {self.state}")
        settings = self.settings
        proof = response(settings.authentication, password, settings.authentication_seed)
        self._outgoing.append(commands.line("authorize", user, proof))

    def answer(self, command: str, *fields: str) -> None:
        self._outgoing.append(commands.line("ack", command, *fields))

    def refuse(self, command: str, message: str) -> None:
        self._outgoing.append(commands.line("err", command, message))

    def say(self, text: str) -> None:
        """A line as it stands, for what no command says. Raises ValueError for one that is more than a line."""
        self._outgoing.append(commands.line(*text.split(commands.SEPARATOR)))

    def observe(self, seen: Observation) -> None:
        """One line, in the layout and the form of time that were asked for."""
        settings = self.settings
        self._outgoing.append(write_line(seen, settings.tagevent_format, settings.time_format, self._order))

    def _hear_greeting(self, text: str) -> list[Event]:
        fields = text.split(commands.SEPARATOR)
        if len(fields) != 3 or not (fields[2].isascii() and fields[2].isdigit() and len(fields[2]) < 4):
            return [Unreadable(raw=text, reason="it is no greeting")]
        self._missing = int(fields[2])
        self._go("greeted" if self._missing else "greeted, no settings")
        return [Greeted(program=fields[0], version=fields[1]), *([] if self._missing else [self.settings])]

    def _hear_setting(self, text: str) -> list[Event]:
        self._said.append(text)
        if len(self._said) < self._missing:
            return []
        self.settings = read_settings(self._said)
        is_open = self.settings.authentication == "none"
        self._go("last setting" if is_open else "last setting, password wanted")
        return [self.settings]

    def _hear_authorization(self, text: str) -> list[Event]:
        answer = commands.read_answer(text)
        if answer is None or answer.command != "authorize":
            return [Unreadable(raw=text, reason="it is no answer to the authorization")]
        self._go("accepted" if isinstance(answer, Acknowledged) else "refused")
        return [answer]

    def _hear_line(self, text: str) -> list[Event]:
        asked = commands.read_command(text)
        if asked is None:
            self.refuse("", commands.UNKNOWN)
            return [Unreadable(raw=text, reason=commands.UNKNOWN)]
        if asked.command == "ping":
            self.answer("ping")
            return [Pinged()]
        return [asked]
