"""Counts visitors by where they stand and answers by what they were; sends and decides nothing."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Final, Literal

from hdrh.histogram import HdrHistogram

from tiketi_sdk.stampede.results import Outcome, Percentiles, Progress, Step

LATENCY_US_MAX: Final = 3_600_000_000
SAMPLES_MAX: Final = 20
_PERCENTS: Final = (50.0, 90.0, 95.0, 99.0)
_CURVE: Final = (0.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 100.0)
Place = Literal["outside", "door", "waiting", "inside"]


class Times:
    """Durations with three digits over the whole range, so that the tail is as exact as the middle."""

    __slots__ = ("_histogram",)

    def __init__(self) -> None:
        self._histogram = HdrHistogram(1, LATENCY_US_MAX, 3)

    def note(self, seconds: float) -> None:
        """One more."""
        self._histogram.record_value(min(max(1, round(seconds * 1e6)), LATENCY_US_MAX))

    @property
    def count(self) -> int:
        """How many."""
        return int(self._histogram.get_total_count())

    def percentiles_ms(self) -> Percentiles:
        """p50, p90, p95, p99, max; zeros where there is nothing."""
        if not self.count:
            return (0.0, 0.0, 0.0, 0.0, 0.0)
        found = self._histogram.get_percentile_to_value_dict(list(_PERCENTS))
        p50, p90, p95, p99 = (_ms(found[percent]) for percent in _PERCENTS)
        return (p50, p90, p95, p99, _ms(self._histogram.get_max_value()))

    def step(self, name: str) -> Step:
        """All that is known, under a name."""
        histogram = self._histogram
        curve = histogram.get_percentile_to_value_dict(list(_CURVE)) if self.count else {}
        return Step(
            name=name,
            count=self.count,
            mean_ms=_ms(histogram.get_mean_value()) if self.count else 0.0,
            percentiles_ms=self.percentiles_ms(),
            curve_ms=tuple((percent, _ms(value)) for percent, value in curve.items()),
            histogram=histogram.encode().decode("ascii"),
        )


@dataclass(slots=True)
class Crowd:
    """How many are where; the fields of `Progress` that visitors themselves move."""

    arrived_count: int = 0
    entering_count: int = 0
    waiting_count: int = 0
    inside_count: int = 0
    holding_count: int = 0
    admitted_count: int = 0
    paid_count: int = 0
    ticketed_count: int = 0
    tickets_count: int = 0
    sold_out_count: int = 0
    gone_count: int = 0


Codes = defaultdict[str, Counter[str]]
"""Operation → code → how often."""


class Tally:
    """Everything a run counts."""

    def __init__(self) -> None:
        self.crowd = Crowd()
        self.outcomes: Counter[str] = Counter()
        self.replies: Codes = defaultdict(Counter)
        self.unexpected: Codes = defaultdict(Counter)
        self.retried: Codes = defaultdict(Counter)
        self.steps: defaultdict[str, Times] = defaultdict(Times)
        self.felt: defaultdict[str, Times] = defaultdict(Times)
        self.every_reply = Times()
        self.late = Times()
        self.samples: list[str] = []
        self.crashes: Counter[str] = Counter()
        self.local_errors_count = 0
        self.requests_count = 0
        self.retries_count = 0

    def replied(self, operation: str, code: str, *, took_s: float, since_due_s: float) -> None:
        """An answer, or the lack of one: what it was, how long it took, how long since it was due."""
        self.requests_count += 1
        self.replies[operation][code] += 1
        self.steps[operation].note(since_due_s)
        self.every_reply.note(took_s)

    def tried_again(self, operation: str, code: str) -> None:
        """That answer was not the last word."""
        self.retried[operation][code] += 1
        self.retries_count += 1

    def surprised(self, operation: str, code: str, told: str) -> None:
        """An answer that the scenario did not foresee."""
        self.unexpected[operation][code] += 1
        if len(self.samples) < SAMPLES_MAX:
            self.samples.append(f"{operation}: {told}")

    def move(self, before: Place, after: Place) -> None:
        """A visitor goes from one place to another."""
        for place, change in ((before, -1), (after, 1)):
            if place == "door":
                self.crowd.entering_count += change
            elif place == "waiting":
                self.crowd.waiting_count += change
            elif place == "inside":
                self.crowd.inside_count += change
        if after == "inside":
            self.crowd.admitted_count += 1

    def ended(self, outcome: Outcome) -> None:
        """A visit is over."""
        self.outcomes[outcome] += 1
        self.crowd.gone_count += 1
        if outcome == "sold_out":
            self.crowd.sold_out_count += 1

    @property
    def unexpected_count(self) -> int:
        """Over all operations."""
        return sum(codes.total() for codes in self.unexpected.values())

    def progress(self, at_s: float) -> Progress:
        """Where everything stands."""
        crowd = self.crowd
        return Progress(
            at_s=round(at_s, 3),
            **{name: getattr(crowd, name) for name in Crowd.__slots__},
            requests_count=self.requests_count,
            retries_count=self.retries_count,
            unexpected_count=self.unexpected_count,
            enter_ms=self.steps["queue.enter"].percentiles_ms(),
            reply_ms=self.every_reply.percentiles_ms(),
        )


def _ms(microseconds: float) -> float:
    return round(microseconds / 1_000, 3)
