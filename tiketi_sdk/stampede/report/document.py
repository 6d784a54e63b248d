"""All that a report tells, in one value; where it is shown is for others to know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from tiketi_sdk.stampede.plan import Plan
from tiketi_sdk.stampede.results import Progress, Results

OUTCOMES: Mapping[str, str] = {
    "ticket": "went home with a ticket",
    "sold_out": "came too late: sold out",
    "gave_up": "left the line on their own",
    "turned_away": "were turned away at the door",
    "out_of_patience": "lost patience",
    "failed": "met an answer nobody expected",
    "unfinished": "were not done when the run ended",
}
"""Outcome → what became of those people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One stampede, told."""

    title: str
    plan: Plan
    results: Results
    doubts: Sequence[str]
    """Why the numbers cannot be trusted; empty: they can."""
    audit: Mapping[str, Any] | None
    """The audit's report as plain values; None where none was made."""
    capacity: int
    seats_count: int
    sold_count: int
    made_at: datetime
    facts: Mapping[str, str] = field(default_factory=dict)
    """More to tell about the run, name → value: where it ran, how long the steps took."""

    @property
    def trusted(self) -> bool:
        """Whether the generator kept up."""
        return not self.doubts

    @property
    def findings_count(self) -> int:
        """Of the audit."""
        return int(self.audit["findings_count"]) if self.audit else 0

    @property
    def settled(self) -> bool:
        """Whether nothing was under way any more when the audit read the rows; True where none was made."""
        return self.audit is None or bool(self.audit["settled"])

    @property
    def passed(self) -> bool:
        """Whether everything is as it must be: trusted, nothing unexpected, a clean audit of what had settled."""
        clean = self.settled and not self.findings_count
        return self.trusted and not self.results.unexpected_count and clean

    @property
    def verdict(self) -> str:
        """The one line to remember."""
        sold = f"sold {self.sold_count:,} / {self.seats_count:,}"
        if self.audit is None:
            return f"{sold} · not audited"
        checks_count = len(self.audit["checks"])
        found = f"{self.findings_count:,} findings" if self.findings_count else "no finding"
        so_far = "" if self.settled else ", not settled"
        return f"{sold} · audit: {checks_count} checks, {found}{so_far}"

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "title": self.title,
            "passed": self.passed,
            "trusted": self.trusted,
            "doubts": list(self.doubts),
            "verdict": self.verdict,
            "seats_count": self.seats_count,
            "sold_count": self.sold_count,
            "capacity": self.capacity,
            "made_at": self.made_at.isoformat(),
            "facts": dict(self.facts),
            "plan": self.plan.to_json(),
            "results": self.results.to_json(),
            "audit": self.audit,
        }


def duration(milliseconds: float) -> str:
    """`0.4 ms`, `12 ms`, `1.24 s`, `12.4 s`, `2 min 05 s`: three digits, the unit a reader thinks in."""
    if milliseconds < 10:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 1_000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1_000
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60:02} s"


def rates(timeline: Sequence[Progress]) -> list[tuple[float, float]]:
    """(second, requests a second) between each two moments of a timeline."""
    return [
        (after.at_s, (after.requests_count - before.requests_count) / (after.at_s - before.at_s))
        for before, after in pairwise(timeline)
        if after.at_s > before.at_s
    ]
