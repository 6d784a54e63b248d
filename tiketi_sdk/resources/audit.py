"""`client.audit`: each service's own rows as they stand, for administrators. Judges nothing."""

from tiketi_sdk.contract import backlog, notification, payment, queue, reservation
from tiketi_sdk.contract.auth import ServiceName
from tiketi_sdk.contract.backlog import Backlog
from tiketi_sdk.contract.fields import EXPORT_LIMIT_MAX
from tiketi_sdk.contract.notification import AuditedDelivery
from tiketi_sdk.contract.payment import AuditedHistory, AuditedPayment, AuditedWallet
from tiketi_sdk.contract.queue import LogEntry
from tiketi_sdk.contract.reservation import AuditedReservation, AuditedSeat
from tiketi_sdk.paging import AsyncListing
from tiketi_sdk.resources.base import AsyncResource


class AsyncAudit(AsyncResource):
    """Raw exports, paged by key, 5,000 rows a page unless `limit` says less."""

    def seats(self, event_id: int, *, limit: int = EXPORT_LIMIT_MAX) -> AsyncListing[AuditedSeat]:
        """Every seat of an event."""
        return self._listing(reservation.AUDIT_SEATS, event_id=event_id, limit=limit)

    def reservations(
        self, event_id: int, *, limit: int = EXPORT_LIMIT_MAX
    ) -> AsyncListing[AuditedReservation]:
        """Every reservation of an event."""
        return self._listing(reservation.AUDIT_RESERVATIONS, event_id=event_id, limit=limit)

    def admissions(self, event_id: int, *, limit: int = EXPORT_LIMIT_MAX) -> AsyncListing[LogEntry]:
        """The append-only admission log of an event, in order."""
        return self._listing(queue.LOG, event_id=event_id, limit=limit)

    def payments(
        self, event_id: int, *, limit: int = EXPORT_LIMIT_MAX
    ) -> AsyncListing[AuditedPayment]:
        """Every payment for an event."""
        return self._listing(payment.AUDIT_PAYMENTS, event_id=event_id, limit=limit)

    def wallets(self, *, limit: int = EXPORT_LIMIT_MAX) -> AsyncListing[AuditedWallet]:
        """Every wallet."""
        return self._listing(payment.AUDIT_WALLETS, limit=limit)

    def histories(self, *, limit: int = EXPORT_LIMIT_MAX) -> AsyncListing[AuditedHistory]:
        """Every line of every wallet's history."""
        return self._listing(payment.AUDIT_HISTORIES, limit=limit)

    def deliveries(self, *, limit: int = EXPORT_LIMIT_MAX) -> AsyncListing[AuditedDelivery]:
        """Every delivery of the notification service."""
        return self._listing(notification.AUDIT_DELIVERIES, limit=limit)

    async def backlog(self, service: ServiceName) -> Backlog:
        """Which messages a service has still to publish or apply."""
        return await self._ask(backlog.BACKLOG, service=service)
