"""What the payment service is made of, put together once; decides nothing itself."""

from dataclasses import dataclass
from typing import Final

from tiketi_core.payment.model import Policy
from tiketi_core.payment.use_cases import Payments, Refunds, Settlement
from tiketi_platform.adapters.peers.reservations import PeerReservations
from tiketi_platform.adapters.postgres.payment import PostgresPaymentBooks, PostgresStatements
from tiketi_platform.adapters.postgres.pool import Database
from tiketi_platform.adapters.resources import Resources
from tiketi_platform.adapters.toss import TossGateway, TossSettings
from tiketi_platform.services.payment.watch import Watch

GATEWAY_TIMEOUT_S: Final = 4.0
"""One call of the gateway. A payment in doubt makes two, and both fit into a request's 10 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentService:
    """The use cases over their adapters."""

    payments: Payments
    refunds: Refunds
    settlement: Settlement
    books: PostgresPaymentBooks
    statements: PostgresStatements
    watch: Watch
    database: Database
    gateway: TossGateway


def build(resources: Resources) -> PaymentService:
    """The service over opened connections; the gateway's open at the first call."""
    settings = resources.settings
    policy = Policy() if settings.lease_ms is None else Policy(lease_ms=settings.lease_ms)
    gateway = TossGateway(
        TossSettings(
            secret_key=settings.secret("toss-secret-key"),
            base_url=settings.toss_url,
            total_timeout_s=GATEWAY_TIMEOUT_S,
        )
    )
    books = PostgresPaymentBooks(resources.database, lease_ms=policy.lease_ms)
    reservations = PeerReservations(resources.peers)
    statements = PostgresStatements(resources.database)
    watch = Watch(statements)
    settlement = Settlement(
        books,
        gateway,
        reservations=reservations,
        alarms=watch,
        clock=resources.clock,
        policy=policy,
    )
    return PaymentService(
        payments=Payments(
            books,
            gateway,
            reservations=reservations,
            settlement=settlement,
            alarms=watch,
            clock=resources.clock,
        ),
        refunds=Refunds(books, gateway, alarms=watch, policy=policy),
        settlement=settlement,
        books=books,
        statements=statements,
        watch=watch,
        database=resources.database,
        gateway=gateway,
    )


async def close(service: PaymentService) -> None:
    """Close the gateway's connections, after the last request and the last task."""
    await service.gateway.close()
