"""Logs as JSON lines and Prometheus metrics; secrets and bodies never get into either."""

import contextvars
import logging
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, TextIO

import orjson
from prometheus_client import CollectorRegistry, Counter, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

request_id_var: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")
"""The id of the request (or message) being worked on, for log lines."""

log: Final = logging.getLogger("tiketi")
_BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """Something a service can count at any moment; read when somebody scrapes."""

    name: str
    """Without the prefix `tiketi_`."""
    documentation: str
    read: Callable[[], float]


class Metrics:
    """The metrics of one service; each has its own registry, so that six fit into one process.

    Requests are counted in plain lists and turned into Prometheus' families when somebody scrapes:
    the client library's own histogram takes a lock per bucket and request.
    """

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        self.in_flight_count = 0
        """Requests being worked on."""
        self.connections_count = 0
        """Connections open, those that wait for their next request and websockets included."""
        self.connections_refused_count = 0
        """Connections beyond the bound of the process."""
        self.task_failures = Counter(
            "tiketi_task_failures",
            "Rounds of background work that raised.",
            ("service", "task"),
            registry=self.registry,
        )
        self.gauges: tuple[Gauge, ...] = ()
        """What the service itself counts."""
        self._service = service
        self._series: dict[tuple[str, int], _Series] = {}
        self.registry.register(self)

    def observe(self, operation: str, status: int, seconds: float) -> None:
        """Count one request."""
        series = self._series.get((operation, status))
        if series is None:
            series = self._series[operation, status] = _Series()
        series.counts[bisect_left(_BUCKETS_S, seconds)] += 1
        series.sum_s += seconds

    def collect(self) -> Iterator[Metric]:
        """What Prometheus scrapes."""
        requests = HistogramMetricFamily(
            "tiketi_request_seconds",
            "Time from the first byte of a request to the last of its answer, in seconds.",
            labels=("service", "operation", "status"),
        )
        for (operation, status), series in sorted(self._series.items()):
            cumulative = accumulate(series.counts)
            bounds = (*map(str, _BUCKETS_S), "+Inf")
            requests.add_metric(
                (self._service, operation, str(status)),
                list(zip(bounds, cumulative, strict=True)),
                series.sum_s,
            )
        yield requests
        for gauge in (*self._own_gauges(), *self.gauges):
            family = GaugeMetricFamily(
                f"tiketi_{gauge.name}", gauge.documentation, labels=("service",)
            )
            family.add_metric((self._service,), gauge.read())
            yield family
        refused = CounterMetricFamily(
            "tiketi_connections_refused",
            "Connections refused because the process had as many as it may.",
            labels=("service",),
        )
        refused.add_metric((self._service,), self.connections_refused_count)
        yield refused

    def _own_gauges(self) -> tuple[Gauge, ...]:
        return (
            Gauge(
                name="requests_in_flight",
                documentation="Requests being worked on.",
                read=lambda: self.in_flight_count,
            ),
            Gauge(
                name="connections",
                documentation="Connections open.",
                read=lambda: self.connections_count,
            ),
        )


class _Series:
    """The requests of one operation that ended with one status."""

    __slots__ = ("counts", "sum_s")

    def __init__(self) -> None:
        self.counts = [0] * (len(_BUCKETS_S) + 1)
        self.sum_s = 0.0
