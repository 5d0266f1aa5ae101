"""Where log lines go and how they look: one fact a line, on standard error, without secrets."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path

import stamina.instrumentation
from stamina.instrumentation import RetryDetails

from project88.edges import environment
from project88.edges.redaction import RedactingFormatter, redacted
from project88.errors import ConfigError

LINE = "%(asctime)s %(levelname)s %(name)s %(message)s"

log = logging.getLogger("project88.retry")


class LineFormatter(RedactingFormatter):
    """One line for each record: of an exception its kind and words, and where it was raised."""

    def __init__(self) -> None:
        super().__init__(LINE)

    def formatMessage(self, record: logging.LogRecord) -> str:
        return " ".join(super().formatMessage(record).split("\n"))

    def formatException(self, ei: object) -> str:
        return ""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record).rstrip("\n")
        return f"{line} ({_in_one_line(record)})" if record.exc_info and record.exc_info[1] else line


class JsonFormatter(logging.Formatter):
    """One JSON object for each record; the traceback of an exception is a field of it."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "action": getattr(record, "action", None),
            "traceback": self.formatException(record.exc_info) if record.exc_info and record.exc_info[1] else None,
        }
        # A secret is hidden in each text, because JSON would write some of its characters in another way.
        return json.dumps({name: redacted(value) for name, value in fields.items() if value}, ensure_ascii=False)


def level_of_logs(default: str) -> str:
    """What PROJECT88_LOG_LEVEL says. Raises ConfigError for a word that is no level."""
    level = (environment.variable("PROJECT88_LOG_LEVEL") or default).upper()
    if level not in logging.getLevelNamesMapping():
        raise ConfigError(f"PROJECT88_LOG_LEVEL is {level}; use DEBUG, INFO, WARNING or ERROR")
    return level


def set_up_logging(level: str) -> None:
    """``level`` is a standard level name; lines of a lower level are dropped."""
    handler = logging.StreamHandler()
    handler.setFormatter(_formatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    stamina.instrumentation.set_on_retry_hooks([_tell_of_retry])


class PrivateFile(logging.FileHandler):
    """The end of a file that only its owner reads. The page's logs stand in a folder that everybody writes to."""

    def _open(self) -> TextIOWrapper:
        # No link that somebody else put there is followed.
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8")


@contextmanager
def also_logged(path: Path) -> Iterator[str | None]:
    """Log lines from INFO on go into a file too while the block runs; gives why they cannot, if so.

    What goes to standard error stays as it was set up.
    """
    try:
        handler = PrivateFile(path)
    except OSError as error:
        yield f"the log cannot be written to {path} ({error.strerror}); remove it or name another by --log"
        return
    handler.setFormatter(_formatter())
    root = logging.getLogger()
    level, levels = root.level, {each: each.level for each in root.handlers}
    for each in levels:
        each.setLevel(max(each.level, level))
    root.addHandler(handler)
    root.setLevel(min(level, logging.INFO))
    try:
        yield None
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        for each, own in levels.items():
            each.setLevel(own)
        handler.close()


def _formatter() -> logging.Formatter:
    wanted = (environment.variable("PROJECT88_LOG_FORMAT") or "text").lower()
    if wanted not in {"text", "json"}:
        raise ConfigError(f"PROJECT88_LOG_FORMAT is {wanted}; use text or json")
    return JsonFormatter() if wanted == "json" else LineFormatter()


def _in_one_line(record: logging.LogRecord) -> str:
    error = record.exc_info[1] if record.exc_info else None
    text = redacted(" ".join(f"{type(error).__name__}: {error}".split()))
    trace = error.__traceback__ if error else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return text
    return f"{text}, line {trace.tb_lineno} of {trace.tb_frame.f_code.co_filename.rpartition('/')[2]}"


def _tell_of_retry(details: RetryDetails) -> None:
    log.warning(
        "trying again in %.1f s, attempt %d failed: %s",
        details.wait_for,
        details.retry_num,
        details.caused_by,
        extra={"action": "retry"},
    )
