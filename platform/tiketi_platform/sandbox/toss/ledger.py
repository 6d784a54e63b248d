"""What the sandbox gateway knows: payments, cancellations and answered requests; refuses to lose a won.

The journal is written first and the memory changed after it, so a kept data folder agrees with what
clients were told.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from tiketi_platform.sandbox.toss.errors import toss_error
from tiketi_platform.sandbox.toss.journal import Journal

PAYMENTS_MAX: Final = 200_000
"""Payments kept; the next approval after that is refused with a 500, loudly rather than forgetting one."""
ANSWERS_MAX: Final = 400_000
"""Idempotency keys remembered; the oldest is forgotten first, as the real API does after 15 days."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """One cancellation, whole or part."""

    transaction_key: str
    amount_won: int
    reason: str
    at_ms: int
    refundable_won: int
    """What is left of the payment after this one."""


@dataclass(slots=True)
class Payment:
    """One attempt at a payment; only its cancellations grow."""

    number: int
    """1, 2, 3 … in the order of arrival; what listings page by."""
    payment_key: str
    order_id: str
    amount_won: int
    token: str
    at_ms: int
    failure_code: str | None
    """Why it was declined; None when it was approved."""
    cancels: list[Cancel] = field(default_factory=list)

    @property
    def balance_won(self) -> int:
        """What is left to give back; 0 for a declined payment."""
        if self.failure_code is not None:
            return 0
        return self.cancels[-1].refundable_won if self.cancels else self.amount_won


@dataclass(frozen=True, slots=True)
class Answer:
    """What an idempotency key was answered with: a payment as it stood after so many cancellations."""

    payment: Payment
    cancels_count: int


@dataclass(slots=True)
class Totals:
    """Running sums over every payment, for the audit."""

    approved_count: int = 0
    approved_won: int = 0
    cancelled_won: int = 0
    declined_count: int = 0


class Ledger:
    """The payments of one gateway, by payment key and by order id."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._by_key: dict[str, Payment] = {}
        self._by_order: dict[str, Payment] = {}
        self._answers: dict[str, Answer] = {}
        self.totals = Totals()
        for record in journal.replay():
            self._apply(record)

    def by_key(self, payment_key: str) -> Payment | None:
        return self._by_key.get(payment_key)

    def by_order(self, order_id: str) -> Payment | None:
        """The latest attempt at that order."""
        return self._by_order.get(order_id)

    def answer(self, request_key: str) -> Answer | None:
        """What this request was answered before; request_key is the path and the idempotency key."""
        return self._answers.get(request_key)

    def page(self, *, after: int, limit: int) -> list[Payment]:
        """Up to `limit` payments numbered above `after`, oldest first."""
        # Numbers are 1, 2, 3 … in insertion order, so the first `after` entries are exactly those to skip.
        return list(islice(self._by_key.values(), after, after + limit))

    def __iter__(self) -> Iterator[Payment]:
        return iter(self._by_key.values())

    def record_attempt(
        self,
        *,
        order_id: str,
        amount_won: int,
        token: str,
        at_ms: int,
        request_key: str | None,
        failure_code: str | None = None,
    ) -> Answer:
        """Note an approval, or a decline when there is a failure code; the order must be free."""
        if len(self._by_key) >= PAYMENTS_MAX:
            raise toss_error("FAILED_INTERNAL_SYSTEM_PROCESSING")
        return self._commit(
            {
                "op": "attempt",
                "key": f"tiketi_{secrets.token_urlsafe(18)}",
                "order": order_id,
                "won": amount_won,
                "token": token,
                "at_ms": at_ms,
                "failure": failure_code,
                "request": request_key,
            }
        )

    def record_cancel(
        self, payment: Payment, *, amount_won: int, reason: str, at_ms: int, request_key: str | None
    ) -> Answer:
        """Note that 1..balance_won of a payment went back to the card."""
        return self._commit(
            {
                "op": "cancel",
                "key": payment.payment_key,
                "won": amount_won,
                "reason": reason,
                "transaction": secrets.token_hex(16).upper(),
                "at_ms": at_ms,
                "request": request_key,
            }
        )

    def _commit(self, record: dict[str, Any]) -> Answer:
        self._journal.append(record)
        return self._apply(record)

    def _apply(self, record: dict[str, Any]) -> Answer:
        payment = (
            self._apply_attempt(record) if record["op"] == "attempt" else self._apply_cancel(record)
        )
        answer = Answer(payment, len(payment.cancels))
        if record["request"] is not None:
            if len(self._answers) >= ANSWERS_MAX:
                del self._answers[next(iter(self._answers))]
            self._answers[record["request"]] = answer
        return answer

    def _apply_attempt(self, record: dict[str, Any]) -> Payment:
        payment = Payment(
            number=len(self._by_key) + 1,
            payment_key=record["key"],
            order_id=record["order"],
            amount_won=record["won"],
            token=record["token"],
            at_ms=record["at_ms"],
            failure_code=record["failure"],
        )
        self._by_key[payment.payment_key] = self._by_order[payment.order_id] = payment
        if payment.failure_code is None:
            self.totals.approved_count += 1
            self.totals.approved_won += payment.amount_won
        else:
            self.totals.declined_count += 1
        return payment

    def _apply_cancel(self, record: dict[str, Any]) -> Payment:
        payment = self._by_key[record["key"]]
        refundable_won = payment.balance_won - record["won"]
        assert refundable_won >= 0, (
            "a cancellation is checked against the balance before it is noted"
        )
        payment.cancels.append(
            Cancel(
                record["transaction"],
                record["won"],
                record["reason"],
                record["at_ms"],
                refundable_won,
            )
        )
        self.totals.cancelled_won += record["won"]
        return payment
