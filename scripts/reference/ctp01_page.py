"""The page of CTP01, from the tables of the protocol's own modules. Opens no connection."""

from __future__ import annotations

from collections.abc import Mapping

from project88.listen.introduction import QUESTIONS
from project88.listen.ledger import ASKED_AT_MOST
from project88.listen.link import INTRODUCTION_SECONDS
from project88.listen.rules import GAP_SECONDS, SILENT_SECONDS
from project88.providers.chronotrack_tcp.asked import settings
from project88.wire.ctp01.commands import COMMANDS
from project88.wire.ctp01.framing import LONGEST_LINE_BYTES
from project88.wire.ctp01.lines import SEPARATORS
from project88.wire.ctp01.session import CLIENT_TRANSITIONS, SERVER_TRANSITIONS, State
from project88.wire.ctp01.settings import AUTHENTICATIONS
from scripts.reference import HEAD, table

INTRODUCTION = """# CTP01

How the hub speaks with ChronoTrack timing computers. The computer connects to the hub, port 61611. The protocol is in
`project88/wire/ctp01`, without sockets and without a clock; this page is made from its tables. Source of the facts: the
vendor's CTP01 revision 8 and CTFF01 revision 2; grade: specified, unless a line says otherwise.
"""
SEPARATOR_NAMES = {"": "none", "\t": "tab", " ": "space"}
ASKED_FIRST = ", ".join(f"`{question}`" for question in QUESTIONS)
RULES = f"""
## What the hub does

- It asks {ASKED_FIRST}, then starts every location behind the last
  number that is on its disk. A location that is announced later is started too.
- A gap in a location's numbers is asked for again, {ASKED_AT_MOST} times {GAP_SECONDS:g} s apart while nothing of it
  comes, and with every new connection.
- A computer that is silent for {SILENT_SECONDS:g} s is asked for a sign of life, and let go after as long again. One
  that has not said who it is within {INTRODUCTION_SECONDS:g} s is refused.
- A line that is no read is kept with its reason. A link ends for a refused authentication, a line of more than
  {LONGEST_LINE_BYTES:,} bytes, or silence.
- Another number 1 than the known one begins a new numbering; no read is taken for a repetition of an older one.
- Which of the two numbers around the reader's id is the lap is not known (grade: unknown). `field_order` in an
  account's `additional_config` says it: `gator_first`, the default, or `lap_first`.
- `listen` uses push mode. Pull mode (`getdata`) is in the wire for both roles, and the hub does not ask for it.
"""


def text() -> str:
    return (
        HEAD
        + INTRODUCTION
        + _states("The hub's states", SERVER_TRANSITIONS)
        + _states("A timing computer's states, as the rig plays them", CLIENT_TRANSITIONS)
        + _asked()
        + _commands()
        + _formats()
        + RULES
    )


def _states(title: str, transitions: Mapping[State, Mapping[str, State]]) -> str:
    rows = [(before, cause, after) for before, causes in transitions.items() for cause, after in causes.items()]
    drawn = "".join(f"    {before} --> {after}: {cause}\n" for before, cause, after in rows)
    return f"\n## {title}\n\n```mermaid\nstateDiagram-v2\n{drawn}```\n\n" + table(
        ("state", "what happens", "then"), rows
    )


def _asked() -> str:
    said = (line.partition("=") for line in settings("hmac-sha1", "a fresh one for each connection").lines())
    rows = [(f"`{key}`", f"`{value}`" if key != "authentication-seed" else value) for key, _, value in said]
    kinds = ", ".join(f"`{kind}`" for kind in AUTHENTICATIONS)
    return f"\n## What the hub asks for\n\n{table(('key', 'value'), rows)}\n`--authentication` takes {kinds}.\n"


def _commands() -> str:
    rows = [(f"`{name}`", str(least), str(most)) for name, (least, most) in COMMANDS.items()]
    return "\n## Commands\n\n" + table(("command", "fields at least", "at most"), rows)


def _formats() -> str:
    rows = [(f"`CT01_{digit}?`", SEPARATOR_NAMES.get(found, f"`{found}`")) for digit, found in SEPARATORS.items()]
    return (
        "\n## Line formats\n\n"
        + table(("label", "between the fields"), rows)
        + "\nThe last digit is a sum: 1 CR, 2 LF, 4 NUL, 8 fixed width. "
        + "What a line really uses counts, not its label.\n"
    )
