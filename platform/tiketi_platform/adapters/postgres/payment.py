"""The payment core's books in PostgreSQL: each step is one SQL function and one round trip; decides nothing.

What may happen to a wallet, a payment or a refund is in sql/payment/migrations.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from tiketi_core.kernel.ids import EventId, PaymentId, RefundId, UserId
from tiketi_core.kernel.message import Message
from tiketi_core.payment import errors
from tiketi_core.payment.model import (
    Answer,
    Begun,
    Draft,
    Failure,
    HistoryLine,
    Payment,
    Refund,
    RefundBegun,
    RequestKey,
    Settled,
    Wallet,
)
from tiketi_platform.adapters.postgres import inbox, unit_of_work
from tiketi_platform.adapters.postgres.pool import Connection, Database
from tiketi_platform.adapters.postgres.queries import Queries

_SQL: Final = Queries.load("payment")

Json = Mapping[str, Any]


class PostgresPaymentBooks:
    """The `PaymentBooks` port."""

    def __init__(self, database: Database, *, lease_ms: int) -> None:
        """`lease_ms`: how long the process that begins a payment or refund has it to itself."""
        self._database = refusing(database)
        self._lease_ms = lease_ms

    async def begin(self, draft: Draft, key: RequestKey) -> Begun:
        row: Json = await self._database.fetchval(
            _SQL["begin_payment"],
            draft.user_id,
            key.key,
            key.operation,
            key.request_hash,
            draft.purpose,
            draft.reservation_id,
            draft.event_id,
            draft.total_price,
            draft.point_used,
            draft.card_amount,
            draft.pg_token,
            draft.request_id,
            self._lease_ms,
        )
        if "answer" in row:
            return Begun(answer=_answer(row["answer"]))
        return Begun(settled=_settled(row["settled"]))

    async def complete(self, payment_id: PaymentId, *, payment_key: str) -> Settled:
        return _settled(
            await self._database.fetchval(_SQL["complete_payment"], payment_id, payment_key)
        )

    async def abort(self, payment_id: PaymentId, failure: Failure) -> Settled:
        return _settled(
            await self._database.fetchval(_SQL["abort_payment"], payment_id, _failure(failure))
        )

    async def fail(self, payment_id: PaymentId, failure: Failure) -> Settled:
        return _settled(
            await self._database.fetchval(_SQL["fail_payment"], payment_id, _failure(failure))
        )

    async def answer(self, key: RequestKey) -> Answer | None:
        row = await self._database.fetchval(
            _SQL["read_key"], key.user_id, key.key, key.request_hash
        )
        return None if row is None else _answer(row)

    async def payment(self, payment_id: PaymentId) -> Payment | None:
        row = await self._database.fetchval(_SQL["payment"], payment_id)
        return None if row is None else Payment(**row)

    async def payment_of_order(self, order_id: str) -> Payment | None:
        row = await self._database.fetchval(_SQL["payment_of_order"], order_id)
        return None if row is None else Payment(**row)

    async def claim_payments(self, *, lease_ms: int, limit: int) -> Sequence[Payment]:
        rows = await self._database.fetch(_SQL["claim_payments"], lease_ms, limit)
        return sorted((Payment(**row[0]) for row in rows), key=lambda payment: payment.id)

    async def begin_refund(
        self,
        payment_id: PaymentId,
        *,
        amount: int | None,
        reason: str,
        key: RequestKey,
        request_id: str,
    ) -> RefundBegun:
        row: Json = await self._database.fetchval(
            _SQL["begin_refund"],
            payment_id,
            amount,
            reason,
            key.user_id,
            key.key,
            key.operation,
            key.request_hash,
            request_id,
            self._lease_ms,
        )
        if "answer" in row:
            return RefundBegun(answer=_answer(row["answer"]))
        return RefundBegun(refund=Refund(**row["refund"]))

    async def complete_refund(self, refund_id: RefundId) -> Refund:
        return Refund(**await self._database.fetchval(_SQL["complete_refund"], refund_id))

    async def decline_refund(
        self,
        refund_id: RefundId,
        *,
        detail: str,
        cancelled_won: int,
        card_returned: int,
        lease_ms: int,
    ) -> Refund:
        row: Json = await self._database.fetchval(
            _SQL["decline_refund"], refund_id, detail, cancelled_won, card_returned, lease_ms
        )
        return Refund(**row)

    async def claim_refunds(self, *, lease_ms: int, limit: int) -> Sequence[Refund]:
        rows = await self._database.fetch(_SQL["claim_refunds"], lease_ms, limit)
        return sorted((Refund(**row[0]) for row in rows), key=lambda refund: refund.id)

    async def begin_whole_refunds(
        self, messages: Sequence[Message], wanted: Callable[[Message], tuple[PaymentId, str] | None]
    ) -> None:
        """Set aside the whole refund each message asks for, once per message; nobody's lease is on them.

        `wanted` gives the payment and the reason, or None for a message that asks for nothing. A payment
        with nothing left to give back is left alone.
        """

        async def work(connection: Connection) -> None:
            new = await inbox.fresh(connection, messages, "payment")
            orders = [(order, each.request_id) for each in new if (order := wanted(each))]
            payment_ids = [payment_id for (payment_id, _), _ in orders]
            # All payments before any wallet, and wallets in the order of their users: two transactions
            # that refund the same users meet in one order and wait for each other only once.
            locked = await connection.fetch(_SQL["lock_payments"], payment_ids)
            owners = {row["id"]: row["user_id"] for row in locked}
            known = [each for each in orders if each[0][0] in owners]
            for order, request_id in sorted(known, key=lambda each: owners[each[0][0]]):
                await connection.fetchval(_SQL["begin_whole_refund"], *order, request_id, 0)

        await unit_of_work.run(self._database, work)

    async def grant(self, user_ids: Sequence[UserId], *, amount: int, reference: str) -> int:
        granted: int = await self._database.fetchval(
            _SQL["grant_points"], user_ids, amount, reference
        )
        return granted

    async def prune_answers(self, *, older_than_s: int, limit: int) -> int:
        """Forget final answers that nobody will ask for any more; returns how many."""
        pruned: int = await self._database.fetchval(_SQL["prune_keys"], older_than_s, limit)
        return pruned


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """What has begun and is not settled; 0 where there is nothing."""

    payment_oldest_s: float = 0
    refund_oldest_s: float = 0
    declined_count: int = 0
    """Refunds that are owed though the gateway declined them: somebody has to talk to it."""


class PostgresStatements:
    """Wallets and their histories to read, and the audit's exports; changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def under_way(self) -> UnderWay:
        """What is under way at this moment."""
        row = await self._database.fetchrow(_SQL["under_way"])
        assert row is not None, "a SELECT without FROM has one row"
        return UnderWay(**row)

    async def balance(self, user_id: UserId, *, limit: int) -> tuple[Wallet, list[HistoryLine]]:
        """A wallet with its latest lines, newest first, as of one moment; no row is an empty wallet."""
        row = await self._database.fetchrow(_SQL["balance"], user_id, limit)
        assert row is not None, "a SELECT without FROM has one row"
        wallet = Wallet(**row["wallet"]) if row["wallet"] else Wallet(user_id=user_id)
        return wallet, [HistoryLine(**line) for line in row["lines"]]

    async def histories(self, user_id: UserId, *, below_id: int, limit: int) -> list[HistoryLine]:
        """Lines of one wallet older than the one with id `below_id`, newest first."""
        rows = await self._database.fetch(_SQL["histories"], user_id, below_id, limit)
        return [HistoryLine(**row) for row in rows]

    async def wallets(self, *, above_id: int, limit: int) -> list[dict[str, Any]]:
        """Rows (user_id, balance, held), ascending."""
        rows = await self._database.fetch(_SQL["export_wallets"], above_id, limit)
        return [dict(row) for row in rows]

    async def lines(self, *, above_id: int, limit: int) -> list[dict[str, Any]]:
        """Rows (id, user_id, type, amount, balance_after), ascending."""
        rows = await self._database.fetch(_SQL["export_histories"], above_id, limit)
        return [dict(row) for row in rows]

    async def payments(
        self, event_id: EventId, *, above_id: int, limit: int
    ) -> list[dict[str, Any]]:
        """Rows (payment_id, reservation_id, user_id, status, the five sums), ascending."""
        rows = await self._database.fetch(_SQL["export_payments"], event_id, above_id, limit)
        return [dict(row) for row in rows]


def refusing(database: Database) -> Database:
    """The pool for callers of the payment functions, whose refusals become the core's errors."""
    return database.refusing(
        errors.BalanceLimitReachedError,
        errors.IdempotencyInFlightError,
        errors.IdempotencyKeyReusedError,
        errors.InsufficientPointsError,
        errors.PaymentNotFoundError,
        errors.PaymentNotRefundableError,
        errors.RefundTooLargeError,
        errors.ReservationNotPayableError,
    )


def _failure(failure: Failure) -> dict[str, object]:
    return {**asdict(failure), "is_final": failure.is_final}


def _settled(row: Json) -> Settled:
    return Settled(payment=Payment(**row["payment"]), balance=row["balance"])


def _answer(row: Json) -> Answer:
    if "code" in row:
        return Answer(
            code=row["code"],
            detail=row.get("detail", ""),
            gateway_code=row.get("gateway_code", ""),
        )
    if "refund" in row:
        return Answer(refund=Refund(**row["refund"]))
    return Answer(settled=_settled(row["settled"]))
