"""Bytes of a stream into lines, however they are cut. No sockets, no clock, no SQL.

CR, LF and NUL end a line, alone or together. A line of fixed width may have no end at all; its label says so.
"""

from __future__ import annotations

import re

from project88.wire.ctp01.lines import WIDTH, WIDTH_WITH_SEPARATORS

#: No line of the specification is longer than 70 bytes, but names and descriptions of events have no bound there.
LONGEST_LINE_BYTES = 4096
END = re.compile(rb"[\r\n\0]")
#: Of a line that nothing ends.
ENDLESS = re.compile(rb"CT\d\d_([0-6])8")


class Framer:
    """Keeps what is not a whole line yet."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        #: No end stands before here, so that a line that comes byte by byte is not searched again and again.
        self._searched = 0

    def feed(self, data: bytes) -> list[str]:
        """The lines that are whole now, in order."""
        self._buffer += data
        lines = []
        while (line := self._next()) is not None:
            if line:
                lines.append(decoded(line))
        return lines

    @property
    def is_overlong(self) -> bool:
        """Whether more came than a line can hold."""
        return len(self._buffer) > LONGEST_LINE_BYTES

    def rest(self) -> str:
        """What stands there without an end; nothing of it is forgotten."""
        return decoded(bytes(self._buffer))

    def _next(self) -> bytes | None:
        """None where more is needed; empty between the two halves of an end."""
        found = END.search(self._buffer, self._searched)
        endless = self._endless_width()
        if endless is not None and len(self._buffer) >= endless and (found is None or found.start() >= endless):
            return self._take(endless, endless)
        if found is None:
            self._searched = len(self._buffer)
            return None
        return self._take(found.start(), found.end())

    def _endless_width(self) -> int | None:
        label = ENDLESS.match(self._buffer)
        return None if label is None else WIDTH if label[1] == b"0" else WIDTH_WITH_SEPARATORS

    def _take(self, length: int, used: int) -> bytes:
        line = bytes(self._buffer[:length])
        del self._buffer[:used]
        self._searched = 0
        return line


def decoded(line: bytes) -> str:
    """UTF-8, else Latin-1, in which every byte is a character."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")
