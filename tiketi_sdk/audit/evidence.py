"""The rows an audit goes by, as the six services exported them; nothing is derived here."""

from dataclasses import dataclass

from tiketi_sdk.contract.backlog import Backlog
from tiketi_sdk.contract.notification import AuditedDelivery
from tiketi_sdk.contract.payment import AuditedHistory, AuditedPayment, AuditedWallet
from tiketi_sdk.contract.queue import LogEntry
from tiketi_sdk.contract.reservation import AuditedReservation, AuditedSeat


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One event's rows, and the wallets, deliveries and messages of the whole platform."""

    event_id: int
    seats: tuple[AuditedSeat, ...] = ()
    reservations: tuple[AuditedReservation, ...] = ()
    admissions: tuple[LogEntry, ...] = ()
    """In the order of the log."""
    payments: tuple[AuditedPayment, ...] = ()
    wallets: tuple[AuditedWallet, ...] = ()
    histories: tuple[AuditedHistory, ...] = ()
    """Ascending by id."""
    deliveries: tuple[AuditedDelivery, ...] = ()
    backlogs: tuple[Backlog, ...] = ()
    settled: bool = True
    """Whether nothing was under way any more when the rows were fetched."""
