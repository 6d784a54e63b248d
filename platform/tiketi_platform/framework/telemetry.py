"""Logs as JSON lines and Prometheus metrics; secrets and bodies never get into either."""

import contextvars
import logging
import sys
from typing import Final, TextIO

import orjson
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

request_id_var: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")
"""The id of the request (or message) being worked on, for log lines."""

log: Final = logging.getLogger("tiketi")
_PLAIN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "taskName", "asctime"}


class JsonFormatter(logging.Formatter):
    """One JSON object a line: at, level, message, request id, and the record's extra fields."""

    def __init__(self, service: str = "") -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """One record as one line; the stack trace, if any, stays in the log and out of answers."""
        line: dict[str, object] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if self._service:
            line["service"] = self._service
        if request_id := request_id_var.get():
            line["request_id"] = request_id
        line.update({key: value for key, value in record.__dict__.items() if key not in _PLAIN})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def configure_logging(*, service: str = "", stream: TextIO | None = None) -> None:
    """Send everything at INFO and above to `stream` (stderr) as JSON lines."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(service))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)


class Metrics:
    """The metrics of one service; each has its own registry, so that six fit into one process."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "tiketi_request_seconds",
            "Time from the first byte of a request to the last of its answer, in seconds.",
            ("service", "operation", "status"),
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "tiketi_requests_in_flight",
            "Requests being worked on.",
            ("service",),
            registry=self.registry,
        ).labels(service)
        self.task_failures = Counter(
            "tiketi_task_failures",
            "Rounds of background work that raised.",
            ("service", "task"),
            registry=self.registry,
        )
        self._service = service
        self._observers: dict[tuple[str, int], Histogram] = {}

    def observe(self, operation: str, status: int, seconds: float) -> None:
        """Count one request; label lookups are remembered because they cost more than the counting."""
        observer = self._observers.get((operation, status))
        if observer is None:
            observer = self.requests.labels(self._service, operation, str(status))
            self._observers[(operation, status)] = observer
        observer.observe(seconds)
