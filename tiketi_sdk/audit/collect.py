"""Fetches the rows an audit goes by, after messages, payments and mails under way have settled; judges nothing."""

import time
from typing import Final, get_args

from tiketi_sdk._sync.client import Tiketi
from tiketi_sdk.audit.evidence import Evidence
from tiketi_sdk.contract.auth import ServiceName
from tiketi_sdk.contract.backlog import Backlog

POLL_S: Final = 0.2
SETTLE_S: Final = 45.0
"""Longer than the lease on work that a killed process left behind."""
QUIET_LOOKS_COUNT: Final = 2
"""Looks in a row that must find nothing under way: a message may sit between two services during one."""


def collect(client: Tiketi, event_id: int, *, settle_s: float = SETTLE_S) -> Evidence:
    """All rows of an event, seen by an administrator's client. Raises EventNotFoundError."""
    client.events.get(event_id)
    backlogs, settled = _settled(client, event_id, settle_s)
    audit = client.audit
    return Evidence(
        event_id=event_id,
        seats=tuple(audit.seats(event_id)),
        reservations=tuple(audit.reservations(event_id)),
        admissions=tuple(audit.admissions(event_id)),
        payments=tuple(audit.payments(event_id)),
        wallets=tuple(audit.wallets()),
        histories=tuple(audit.histories()),
        deliveries=tuple(audit.deliveries()),
        backlogs=backlogs,
        settled=settled,
    )


def _settled(client: Tiketi, event_id: int, settle_s: float) -> tuple[tuple[Backlog, ...], bool]:
    """Wait until nothing is under way, at most `settle_s`; the backlogs as they are then, and whether it is so."""
    deadline = time.monotonic() + settle_s
    quiet = 0
    while True:
        backlogs = tuple(client.audit.backlog(service) for service in get_args(ServiceName))
        busy = (
            any(_is_busy(backlog) for backlog in backlogs)
            or _is_deciding(client, event_id)
            or _is_mailing(client)
        )
        quiet = 0 if busy else quiet + 1
        if quiet >= QUIET_LOOKS_COUNT:
            return backlogs, True
        if time.monotonic() >= deadline:
            return backlogs, False
        time.sleep(POLL_S)


def _is_busy(backlog: Backlog) -> bool:
    return backlog.outbox_count > 0 or any(
        group.waiting_count + group.pending_count for group in backlog.groups
    )


def _is_deciding(client: Tiketi, event_id: int) -> bool:
    """Whether a card company still owes an answer: the recovery asks again until it has one."""
    return any(payment.status == "PENDING" for payment in client.audit.payments(event_id))


def _is_mailing(client: Tiketi) -> bool:
    """Whether an applied message still has its mail to send."""
    return bool(client.notifications.list(status="PENDING", limit=1).page().items)
