"""Known secrets stay out of what is logged."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator

import pytest

from project88.edges import redaction
from project88.edges.redaction import HIDDEN, RedactingFormatter, hide_secrets, redacted

SECRET = "tulip-mania-1637"


@pytest.fixture(autouse=True)
def _known_secret(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(redaction, "_secrets", set())
    hide_secrets([SECRET])
    yield


def logged(message: str, *values: object, exc_info: bool = False) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter("%(levelname)s %(message)s"))
    record = logging.LogRecord("hub", logging.ERROR, __file__, 1, message, values, sys.exc_info() if exc_info else None)
    handler.handle(record)
    return stream.getvalue()


def test_a_secret_in_a_message_is_hidden() -> None:
    assert f"ERROR login with {HIDDEN} refused\n" == logged(f"login with {SECRET} refused")


def test_a_secret_among_the_values_of_a_message_is_hidden() -> None:
    assert SECRET not in logged("GET %s", {"user_pass": SECRET})


def test_a_secret_in_a_traceback_is_hidden() -> None:
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise ValueError(f"no {SECRET} here") from error
    except ValueError:
        text = logged("it broke", exc_info=True)

    assert SECRET not in text
    assert "ValueError" in text
    assert "KeyError" in text


def test_a_secret_that_holds_another_is_hidden_whole() -> None:
    hide_secrets([SECRET + "-extended"])

    assert f"a {HIDDEN} b" == redacted(f"a {SECRET}-extended b")


def test_every_occurrence_is_hidden() -> None:
    assert f"{HIDDEN}&{HIDDEN}" == redacted(f"{SECRET}&{SECRET}")


def test_a_secret_too_short_to_be_told_from_a_word_is_left_alone() -> None:
    hide_secrets(["", "run"])

    assert redacted("a run is a run") == "a run is a run"


def test_text_without_secrets_is_left_alone() -> None:
    assert redacted("3 results stored") == "3 results stored"
