"""Where log lines go and how they look: one fact a line, on standard error, without secrets."""

from __future__ import annotations

import logging

import stamina.instrumentation
from stamina.instrumentation import RetryDetails

from project88.edges.redaction import RedactingFormatter

LINE = "%(asctime)s %(levelname)s %(name)s %(message)s"

log = logging.getLogger("project88.retry")


def set_up_logging(level: str) -> None:
    """``level`` is a standard level name; lines of a lower level are dropped."""
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter(LINE))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    stamina.instrumentation.set_on_retry_hooks([_tell_of_retry])


def _tell_of_retry(details: RetryDetails) -> None:
    log.warning(
        "trying again in %.1f s, attempt %d failed: %s",
        details.wait_for,
        details.retry_num,
        details.caused_by,
        extra={"action": "retry"},
    )
