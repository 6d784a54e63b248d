"""Runs every check over the evidence; the table below is the whole audit."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from tiketi_sdk._sync.client import Tiketi
from tiketi_sdk.audit.checks import admissions, messages, sales, seats, wallets
from tiketi_sdk.audit.collect import SETTLE_S, collect
from tiketi_sdk.audit.evidence import Evidence
from tiketi_sdk.audit.report import CheckResult, Finding, Report

FINDINGS_MAX: Final = 100
"""Findings reported per check; one is enough to fail."""


@dataclass(frozen=True, slots=True)
class _Check:
    name: str
    find: Callable[[Evidence], Iterator[Finding]]
    rows: tuple[str, ...]
    """The parts of the evidence it recounts."""


CHECKS: Final = (
    _Check("seats.sold_once", seats.sold_once, ("reservations",)),
    _Check("seats.rows_agree", seats.rows_agree, ("seats", "reservations")),
    _Check("seats.tickets_match", seats.tickets_match, ("reservations",)),
    _Check("queue.within_capacity", admissions.within_capacity, ("admissions",)),
    _Check("queue.in_order", admissions.in_order, ("admissions",)),
    _Check("queue.log_is_whole", admissions.log_is_whole, ("admissions",)),
    _Check("wallets.equal_history", wallets.equal_history, ("wallets", "histories")),
    _Check("wallets.running_sum", wallets.running_sum, ("histories",)),
    _Check("sales.paid_once", sales.paid_once, ("reservations", "payments")),
    _Check("sales.no_money_without_seats", sales.no_money_without_seats, ("payments",)),
    _Check("sales.amounts_add_up", sales.amounts_add_up, ("payments",)),
    _Check("sales.told_once", sales.told_once, ("reservations", "deliveries")),
    _Check("messages.none_undelivered", messages.none_undelivered, ("backlogs",)),
)


def judge(evidence: Evidence) -> Report:
    """The report over rows that have been collected; pure."""
    return Report(
        event_id=evidence.event_id,
        seats_count=len(evidence.seats),
        sold_count=sum(seat.status == "sold" for seat in evidence.seats),
        confirmed_count=sum(row.status == "CONFIRMED" for row in evidence.reservations),
        checks=tuple(_run(check, evidence) for check in CHECKS),
    )


def audit_event(client: Tiketi, event_id: int, *, settle_s: float = SETTLE_S) -> Report:
    """Collect the rows of an event as an administrator, and judge them.

    Waits up to `settle_s` seconds for messages under way first; those that are left then are findings.
    Raises EventNotFoundError for an unknown event, and the client's errors.
    """
    return judge(collect(client, event_id, settle_s=settle_s))


def _run(check: _Check, evidence: Evidence) -> CheckResult:
    return CheckResult(
        name=check.name,
        promise=(check.find.__doc__ or "").strip(),
        rows_count=sum(len(getattr(evidence, part)) for part in check.rows),
        findings=tuple(islice(check.find(evidence), FINDINGS_MAX)),
    )
