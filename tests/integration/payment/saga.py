"""The payment core put together for tests, with shortcuts, and the sums that must hold whatever happened."""

import asyncio
import hashlib
import time
import uuid
from dataclasses import dataclass, field

from tiketi_core.kernel.ids import EventId, PaymentId, ReservationId, UserId
from tiketi_core.payment.gateway import GatewayError
from tiketi_core.payment.model import PayableReservation, Policy, Refund, RequestKey, Settled
from tiketi_core.payment.ports import CardGateway
from tiketi_core.payment.use_cases import Buy, Caller, Pay, Payments, Refunds, Settlement
from tiketi_platform.adapters.postgres.payment import PostgresPaymentBooks, PostgresStatements
from tiketi_platform.adapters.postgres.pool import Database
from tiketi_platform.sandbox.toss.server import TossSandbox

EVENT = EventId(7)


class Clock:
    """The machine's clock, moved by hand."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms


@dataclass
class Directory:
    """Reservations that cost what the test says."""

    known: dict[int, PayableReservation] = field(default_factory=dict)
    error: Exception | None = None

    def put(self, number: int, *, user: int = 1, price: int = 1_000, status: str = "PENDING"):
        self.known[number] = PayableReservation(
            user_id=UserId(user),
            event_id=EVENT,
            status=status,
            total_price=price,
            expires_at_ms=time.time_ns() // 1_000_000 + 300_000,
            version=1,
        )

    async def get(self, reservation_id: ReservationId) -> PayableReservation | None:
        if self.error is not None:
            raise self.error
        return self.known.get(reservation_id)


@dataclass
class Heard:
    """The `Alarms` port as a list of (kind of error, step)."""

    alarms: list[tuple[str, str]] = field(default_factory=list)

    def gateway_failed(self, error: GatewayError, *, step: str, order_id: str) -> None:
        self.alarms.append((type(error).__name__, step))


class Saga:
    """Everything the service has, without the service."""

    def __init__(
        self,
        database: Database,
        gateway: CardGateway,
        sandbox: TossSandbox | None,
        *,
        directory: Directory,
        clock: Clock,
        policy: Policy,
    ) -> None:
        self.database, self.gateway, self.sandbox = database, gateway, sandbox
        self.directory, self.clock, self.policy = directory, clock, policy
        self.books = PostgresPaymentBooks(database, lease_ms=policy.lease_ms)
        self.statements = PostgresStatements(database)
        self.heard = Heard()
        self.settlement = Settlement(
            self.books,
            gateway,
            reservations=directory,
            alarms=self.heard,
            clock=clock,
            policy=policy,
        )
        self.payments = Payments(
            self.books,
            gateway,
            reservations=directory,
            settlement=self.settlement,
            alarms=self.heard,
            clock=clock,
        )
        self.refunds = Refunds(self.books, gateway, alarms=self.heard, policy=policy)

    def caller(
        self, user: int, *, key: str | None = None, operation: str, body: str = ""
    ) -> Caller:
        return Caller(
            key=RequestKey(
                user_id=UserId(user),
                key=key or str(uuid.uuid4()),
                operation=operation,
                request_hash=hashlib.sha256(f"{operation} {body}".encode()).digest(),
            ),
            request_id="req-1",
        )

    async def pay(
        self,
        reservation: int,
        *,
        user: int = 1,
        points: int = 0,
        card: int = 0,
        token: str | None = "toss_token_ok",
        key: str | None = None,
        event: EventId = EVENT,
        total: int | None = None,
    ) -> Settled:
        order = Pay(
            reservation_id=ReservationId(reservation),
            total_price=points + card if total is None else total,
            point_used=points,
            card_amount=card,
            pg_token=token if card else None,
        )
        caller = self.caller(user, key=key, operation="payments.create", body=repr(order))
        return await self.payments.pay(order, caller, entry_event_id=event)

    async def buy(
        self, amount: int, *, user: int = 1, token: str = "toss_token_ok", key: str | None = None
    ) -> Settled:
        order = Buy(amount=amount, pg_token=token)
        caller = self.caller(user, key=key, operation="points.charge", body=repr(order))
        return await self.payments.buy(order, caller)

    async def refund(
        self, payment: int, *, amount: int | None = None, key: str | None = None
    ) -> Refund:
        caller = self.caller(99, key=key, operation="payments.refund", body=repr((payment, amount)))
        return await self.refunds.refund(
            PaymentId(payment), amount=amount, reason="because", caller=caller
        )

    async def grant(self, amount: int, *, user: int = 1, reference: str = "seed") -> None:
        await self.books.grant([UserId(user)], amount=amount, reference=reference)

    async def recover(self) -> int:
        """One round of the recovery, one thing after the other."""
        payments, refunds = await self.settlement.claim(), await self.refunds.claim()
        for payment in payments:
            await self.settlement.recover(payment)
        for refund in refunds:
            await self.refunds.finish(refund)
        return len(payments) + len(refunds)

    async def recover_all(self) -> None:
        """Rounds of the recovery until nothing is under way."""
        for _ in range(200):
            if not await self.recover():
                return
            await asyncio.sleep(0.02)
        raise AssertionError("the recovery does not come to an end")

    async def wallet(self, user: int = 1) -> tuple[int, int]:
        """(balance, held)"""
        wallet, _ = await self.statements.balance(UserId(user), limit=1)
        return wallet.balance, wallet.held

    async def messages(self) -> list[str]:
        return [row[0] for row in await self.database.fetch("SELECT name FROM outbox ORDER BY seq")]

    async def assert_books_balance(self) -> None:
        """Nothing under way: every wallet is the running sum, and the gateway agrees to the won."""
        assert (
            await self.database.fetchval("SELECT count(*) FROM payments WHERE status = 'PENDING'")
            == 0
        )
        assert (
            await self.database.fetchval("SELECT count(*) FROM refunds WHERE status = 'PENDING'")
            == 0
        )
        wrong = await self.database.fetch(
            "SELECT user_id FROM points WHERE held <> 0 OR balance <> ("
            " SELECT coalesce(sum(amount), 0) FROM point_histories h"
            " WHERE h.user_id = points.user_id)"
        )
        assert wrong == []
        broken = await self.database.fetch(
            "SELECT id FROM (SELECT id, balance_after, sum(amount) OVER"
            " (PARTITION BY user_id ORDER BY id) AS running FROM point_histories) AS lines"
            " WHERE balance_after <> running"
        )
        assert broken == []
        if self.sandbox is not None:
            kept = await self.database.fetchval(
                "SELECT coalesce(sum(card_amount - refunded_card), 0)::bigint FROM payments"
                " WHERE status NOT IN ('PENDING', 'FAILED')"
            )
            totals = self.sandbox.gateway.ledger.totals
            assert totals.approved_won - totals.cancelled_won == kept
