"""What an audit says: per check, how much was recounted and what was found. Judges nothing itself."""

from dataclasses import dataclass
from typing import Any

from tiketi_sdk.contract.operation import Wire


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that must never be."""

    summary: str
    """One sentence with the numbers in it."""
    rows: tuple[Wire, ...]
    """The rows that show it, as the services exported them."""
    about: str = ""
    """The sentence without its numbers, where they move while the thing itself stays wrong."""

    @property
    def sameness(self) -> str:
        """Two readings that have this in common show the same thing."""
        return self.about or self.summary

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"summary": self.summary, "rows": [row.model_dump(mode="json") for row in self.rows]}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check over all rows."""

    name: str
    """Stable, for scripts: `seats.sold_once`."""
    promise: str
    """What holds when there is no finding."""
    rows_count: int
    """How many rows were recounted; 0 means there was nothing to see, not that nothing is wrong."""
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether there is no finding."""
        return not self.findings

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "name": self.name,
            "promise": self.promise,
            "rows_count": self.rows_count,
            "passed": self.passed,
            "findings": [finding.to_json() for finding in self.findings],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """A whole audit of one event."""

    event_id: int
    seats_count: int
    sold_count: int
    confirmed_count: int
    """Reservations that were paid and confirmed."""
    checks: tuple[CheckResult, ...]
    settled: bool = True
    """Whether nothing was under way while the rows were fetched. If not, a finding is what two readings
    show alike, and what only the second would have shown is not in it."""

    @property
    def passed(self) -> bool:
        """Whether no check found anything."""
        return all(check.passed for check in self.checks)

    @property
    def findings_count(self) -> int:
        """Over all checks."""
        return sum(len(check.findings) for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "event_id": self.event_id,
            "passed": self.passed,
            "settled": self.settled,
            "seats_count": self.seats_count,
            "sold_count": self.sold_count,
            "confirmed_count": self.confirmed_count,
            "findings_count": self.findings_count,
            "checks": [check.to_json() for check in self.checks],
        }
