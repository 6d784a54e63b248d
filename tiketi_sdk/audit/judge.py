"""Runs every check over the evidence; the table below is the whole audit."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
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


def judge(evidence: Evidence, *, findings_max: int | None = FINDINGS_MAX) -> Report:
    """The report over rows that have been collected, with so many findings per check at the most; pure."""
    return Report(
        event_id=evidence.event_id,
        seats_count=len(evidence.seats),
        sold_count=sum(seat.status == "sold" for seat in evidence.seats),
        confirmed_count=sum(row.status == "CONFIRMED" for row in evidence.reservations),
        checks=tuple(_run(check, evidence, findings_max) for check in CHECKS),
        settled=evidence.settled,
    )


def audit_event(client: Tiketi, event_id: int, *, settle_s: float = SETTLE_S) -> Report:
    """Collect the rows of an event as an administrator, and judge them.

    Waits up to `settle_s` seconds for messages under way first. The services tell their rows one after the
    other, and on a living platform a purchase happens in between: so what is found is looked for once more,
    and only what both readings show alike is a finding.
    Raises EventNotFoundError for an unknown event, and the client's errors.
    """
    first = judge(collect(client, event_id, settle_s=settle_s), findings_max=None)
    if first.passed:
        return first
    second = judge(collect(client, event_id, settle_s=settle_s), findings_max=None)
    return confirmed(first, second)


def confirmed(first: Report, second: Report) -> Report:
    """The second of two reports, with those findings only that the first had too; pure."""
    if second.passed:
        return second  # there is nothing that the first could confirm
    before = {
        (check.name, finding.sameness) for check in first.checks for finding in check.findings
    }
    checks = tuple(
        replace(
            check,
            findings=tuple(
                islice(
                    (f for f in check.findings if (check.name, f.sameness) in before), FINDINGS_MAX
                )
            ),
        )
        for check in second.checks
    )
    return replace(second, checks=checks, settled=first.settled and second.settled)


def _run(check: _Check, evidence: Evidence, findings_max: int | None) -> CheckResult:
    return CheckResult(
        name=check.name,
        promise=(check.find.__doc__ or "").strip(),
        rows_count=sum(len(getattr(evidence, part)) for part in check.rows),
        findings=tuple(islice(check.find(evidence), findings_max)),
    )
