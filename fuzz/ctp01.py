"""Coverage-guided fuzzing of CTP01, both roles: whatever comes, however it is cut, gives the same events and no error.

Run it with `make fuzz`. Opens no socket.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import atheris

with atheris.instrument_imports():
    from project88.wire.ctp01.events import Observation, TooLong
    from project88.wire.ctp01.lines import is_line, read_line
    from project88.wire.ctp01.session import ClientSession, ServerSession
    from project88.wire.ctp01.settings import Authentication, Settings

Session = ServerSession | ClientSession
KINDS: tuple[Authentication, ...] = ("none", "hmac-sha1")
HEAD_BYTES = 2


def roles(first: int) -> list[Callable[[], Session]]:
    settings = Settings(authentication=KINDS[first & 1], authentication_seed="seed")
    return [
        lambda: ServerSession("hub", "1", settings, "lap_first" if first & 2 else "gator_first"),
        lambda: ClientSession("rig", "1"),
    ]


def one_input(data: bytes) -> None:
    """The first two bytes choose the role's settings and the length of the pieces."""
    if len(data) <= HEAD_BYTES:
        return
    step, said = data[1] + 1, data[HEAD_BYTES:]
    for make in roles(data[0]):
        whole, cut = make(), make()
        at_once = whole.receive(said)
        in_pieces = [event for begin in range(0, len(said), step) for event in cut.receive(said[begin : begin + step])]
        known = [event for event in at_once if isinstance(event, Observation)]
        assert all(is_line(event.raw) for event in known)
        assert all(read_line(event.raw).raw == event.raw for event in known)
        # A line that is too long is seen sooner where the pieces are small; all else is the same.
        if not any(isinstance(event, TooLong) for event in (*at_once, *in_pieces)):
            assert at_once == in_pieces
            assert whole.outgoing() == cut.outgoing()


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
