"""Text that a spreadsheet would take for a formula, made harmless and read back. Pure; knows no file format."""

from __future__ import annotations

import re

#: An apostrophe before these tells every spreadsheet that text follows. The wide ones count as formulas in some.
_STARTS = "=+\\-@\t\r＝＋－＠"
FORMULA = re.compile(rf"'*[{_STARTS}]")
QUOTED = re.compile(rf"''*[{_STARTS}]")
NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")


def neutralised(text: str) -> str:
    """The text with an apostrophe before it where it could be a formula. A number stays as it is."""
    return f"'{text}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else text


def as_meant(text: str) -> str:
    """The text that was neutralised."""
    return text[1:] if QUOTED.match(text) else text
