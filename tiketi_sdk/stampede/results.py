"""What the load process reports while it runs and at the end, as plain values over a pipe. Judges nothing."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

Outcome = Literal[
    "ticket", "sold_out", "gave_up", "turned_away", "out_of_patience", "failed", "unfinished"
]
"""How a visit ended. turned_away: the room or the sale was closed or full; failed: an answer nobody
expected; unfinished: the run ended first. All but the last two are things that happen to honest crowds."""
Percentiles = tuple[float, float, float, float, float]
"""p50, p90, p95, p99 and the largest, in milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where the crowd stands at one moment."""

    at_s: float
    """Seconds after the opening; negative before it."""
    arrived_count: int = 0
    entering_count: int = 0
    """At the door now: arrived, and not answered yet."""
    waiting_count: int = 0
    """In line now."""
    inside_count: int = 0
    """Admitted now, and without their tickets yet."""
    holding_count: int = 0
    """Holding seats that are not paid yet."""
    admitted_count: int = 0
    """Ever admitted."""
    paid_count: int = 0
    ticketed_count: int = 0
    """Visitors with their tickets in hand."""
    tickets_count: int = 0
    """Tickets in those hands."""
    sold_out_count: int = 0
    """Visitors who went home because nothing was left."""
    gone_count: int = 0
    """Visits that are over, however they ended."""
    requests_count: int = 0
    retries_count: int = 0
    unexpected_count: int = 0
    enter_ms: Percentiles = (0, 0, 0, 0, 0)
    """From the intended moment of arrival."""
    reply_ms: Percentiles = (0, 0, 0, 0, 0)
    """Of every answer."""

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """A line of the load process."""
        return cls(
            **{**raw, "enter_ms": tuple(raw["enter_ms"]), "reply_ms": tuple(raw["reply_ms"])}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The times of one thing visitors did or felt."""

    name: str
    count: int
    mean_ms: float
    percentiles_ms: Percentiles
    curve_ms: tuple[tuple[float, float], ...] = ()
    """(percent, milliseconds) along the distribution, for drawing."""
    histogram: str = ""
    """All of them: an HDR histogram of microseconds, compressed, base 64."""

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """What `asdict` made, after JSON."""
        return cls(
            **{
                **raw,
                "percentiles_ms": tuple(raw["percentiles_ms"]),
                "curve_ms": tuple((float(a), float(b)) for a, b in raw["curve_ms"]),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How well the generator itself kept up."""

    late_ms: Percentiles
    """How late visits started against their schedule."""
    lag_ms: Percentiles
    """How late the loop came back from short sleeps all through the run."""
    cpu_percent: float
    """Of one core, while visitors were about."""
    cpu_busiest_percent: float
    """In the busiest half second."""
    crashes: tuple[str, ...] = ()
    """Mistakes of the scenario itself."""
    local_errors_count: int = 0
    """Requests that this machine could not even start: no files, ports or memory left."""

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """What `asdict` made, after JSON."""
        return cls(
            **{
                **raw,
                "late_ms": tuple(raw["late_ms"]),
                "lag_ms": tuple(raw["lag_ms"]),
                "crashes": tuple(raw["crashes"]),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A whole run."""

    users_count: int
    duration_s: float
    """From the opening to the end of the last visit."""
    outcomes: Mapping[str, int]
    """Visits by how they ended."""
    replies: Mapping[str, Mapping[str, int]]
    """Operation → code (`ok` for success) → answers that scenario foresaw."""
    unexpected: Mapping[str, Mapping[str, int]]
    """Operation → code → answers it did not foresee, after all retries."""
    retried: Mapping[str, Mapping[str, int]]
    """Operation → code → answers that were tried again."""
    steps: tuple[Step, ...]
    """Response times by operation; `queue.enter` counts from the intended arrival."""
    felt: tuple[Step, ...]
    """What people felt: `waiting` (arrival to admission), `ticket` (arrival to ticket in hand)."""
    timeline: tuple[Progress, ...]
    health: Health
    samples: tuple[str, ...] = field(default=())
    """Some of the unexpected answers in words, with request ids."""

    @property
    def unexpected_count(self) -> int:
        """Over all operations."""
        return sum(sum(codes.values()) for codes in self.unexpected.values())

    @property
    def last(self) -> Progress:
        """How the crowd stood at the end."""
        return self.timeline[-1] if self.timeline else Progress(at_s=0)

    @property
    def requests_per_s(self) -> float:
        """Over the whole run."""
        return self.last.requests_count / self.duration_s if self.duration_s else 0.0

    def step(self, name: str) -> Step | None:
        """One operation or feeling by name."""
        return next((each for each in (*self.felt, *self.steps) if each.name == name), None)

    def to_json(self) -> dict[str, Any]:
        """As plain values; the opposite of `from_json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Results that `to_json` wrote."""
        return cls(
            **{
                **raw,
                "steps": tuple(Step.from_json(each) for each in raw["steps"]),
                "felt": tuple(Step.from_json(each) for each in raw["felt"]),
                "timeline": tuple(Progress.from_json(each) for each in raw["timeline"]),
                "health": Health.from_json(raw["health"]),
                "samples": tuple(raw["samples"]),
            }
        )
