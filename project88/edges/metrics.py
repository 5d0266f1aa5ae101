"""Figures of this process for Prometheus, on a loopback port. Computes none of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from project88.edges.clock import monotonic
from project88.errors import ConfigError

HOST = "127.0.0.1"
DEFAULT_PORT = 9188
#: Seconds; a live poll is to start within one.
LATE_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0)
OWNER = ("timing_partner", "provider")
CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
#: Of the standby that pages read from.
STANDBY = {
    "reads": "1 while pages read from the standby, 0 while from the primary.",
    "lag_seconds": "How old the standby's data is at most.",
    "retried_reads": "Reads that the standby broke off and the primary answered, since the start.",
}


class Metrics:
    """Every figure with its name. Counters count what this process did; gauges say how the whole hub stands."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.polls = self._counter("project88_polls", "Polls that ended.", (*OWNER, "kind", "status"))
        self.rows = self._counter("project88_rows_written", "Rows written.", OWNER)
        self.calls = self._counter("project88_calls", "Calls to the service.", OWNER)
        self.missed = self._counter("project88_polls_missed", "Beats collapsed into a later poll.", OWNER)
        self.late = Histogram(
            "project88_poll_late_seconds",
            "How much later than due polls began.",
            ("lane",),
            buckets=LATE_BUCKETS,
            registry=self.registry,
        )
        self.due = self._gauge("project88_polls_due", "Polls that are due and have not begun.", OWNER)
        self.overdue = self._gauge("project88_poll_overdue_seconds", "The longest wait of a poll that is due.", OWNER)
        self.states = self._gauge("project88_plan_rows", "Rows of the plan by state.", (*OWNER, "state"))
        self.used = self._gauge("project88_budget_calls_used", "Calls of the last 60 s.", OWNER)
        self.left = self._gauge("project88_budget_calls_left", "Calls left of 60 s, of the account with least.", OWNER)
        self.up = self._gauge("project88_database_up", "1 while the database answers.", ())
        self.monitor = self._gauge("project88_monitor_status", "0 healthy, 1 degraded, 2 unhealthy.", ())
        self.checks = self._gauge("project88_check_state", "The same of each check of the monitor.", ("check",))
        program = ("component", "instance")
        self.silent = self._gauge("project88_heartbeat_age_seconds", "Since a program said it is alive.", program)
        self.backup_age = self._gauge("project88_backup_age_seconds", "Since the newest backup was proved.", ())

    def _counter(self, name: str, text: str, labels: tuple[str, ...]) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, labels: tuple[str, ...]) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)


@dataclass(slots=True)
class Timed:
    """One request under way. ``status`` is what it was answered; 500 where nothing else was said."""

    status: int = 500


class RequestFigures:
    """The figures of a process that answers requests. They name no timing partner: everybody may read them."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "project88_api_requests", "Requests answered.", ("operation", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "project88_api_request_seconds", "How long an answer took.", ("operation",), registry=self._registry
        )
        self._standby: dict[str, Gauge] | None = None

    def set_standby(self, *, is_read: bool, lag: float | None, retried: int) -> None:
        """Of a process that has one. Its figures are made with the first value, so that others show none."""
        if self._standby is None:
            self._standby = {
                name: Gauge(f"project88_standby_{name}", text, registry=self._registry)
                for name, text in STANDBY.items()
            }
        self._standby["reads"].set(is_read)
        self._standby["lag_seconds"].set(float("nan") if lag is None else lag)
        self._standby["retried_reads"].set(retried)

    @contextmanager
    def timed(self, operation: str) -> Iterator[Timed]:
        """Count a request and how long it takes."""
        began, timed = monotonic(), Timed()
        try:
            yield timed
        finally:
            self._requests.labels(operation, str(timed.status)).inc()
            self._seconds.labels(operation).observe(monotonic() - began)

    def text(self) -> bytes:
        return generate_latest(self._registry)


@contextmanager
def served(metrics: Metrics, port: int | None) -> Iterator[str | None]:
    """Serve /metrics on the loopback; gives what an operator should know where nothing is served.

    ``port`` None: the default port, and nothing where another process has it; 0: nothing.
    """
    if port == 0:
        yield None
        return
    try:
        server, thread = start_http_server(port or DEFAULT_PORT, addr=HOST, registry=metrics.registry)
    except OSError as error:
        reason = f"port {port or DEFAULT_PORT} for the metrics cannot be opened: {error.strerror}"
        if port is not None:
            raise ConfigError(f"{reason}; choose another by --metrics-port") from error
        yield f"this process serves no metrics, {reason}; choose another by --metrics-port"
        return
    try:
        yield None
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
