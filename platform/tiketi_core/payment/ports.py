"""What payments need from the outside: books that keep them, a card gateway, the reservation service."""

from collections.abc import Sequence
from typing import Protocol

from tiketi_core.kernel.ids import PaymentId, RefundId, ReservationId, UserId
from tiketi_core.payment.gateway import Approval, Cancellation, GatewayError
from tiketi_core.payment.model import (
    Answer,
    Begun,
    Draft,
    Failure,
    PayableReservation,
    Payment,
    Refund,
    RefundBegun,
    RequestKey,
    Settled,
)


class CardGateway(Protocol):
    """Charges cards; what each outcome means is in gateway.py. Every call is safe to repeat."""

    async def approve(self, *, pg_token: str, order_id: str, amount_won: int) -> Approval: ...

    async def find(self, *, order_id: str) -> Approval | None: ...

    async def cancel(
        self, *, payment_key: str, amount_won: int, reason: str, idempotency_key: str
    ) -> Cancellation: ...


class ReservationDirectory(Protocol):
    """The reservation service, as far as a payment has to ask it."""

    async def get(self, reservation_id: ReservationId) -> PayableReservation | None:
        """The reservation, or None when there is none; UnavailableError when nobody answers."""
        ...


class Alarms(Protocol):
    """Hears of what nobody else is told: the saga goes on, and somebody may have to look."""

    def gateway_failed(self, error: GatewayError, *, step: str, order_id: str) -> None:
        """A call of the gateway failed and will be made again; `step` says in which part of the saga."""
        ...


class PaymentBooks(Protocol):
    """Keeps wallets, payments, refunds and answers; each method is one transaction that holds or does not."""

    async def begin(self, draft: Draft, key: RequestKey) -> Begun:
        """Take the key, record the payment, hold its points; a payment by points alone completes at once.

        The key that was answered before gives that answer. Raises IdempotencyKeyReusedError,
        IdempotencyInFlightError, ReservationNotPayableError when another payment for the reservation
        lives, InsufficientPointsError, BalanceLimitReachedError; then nothing changed.
        """
        ...

    async def complete(self, payment_id: PaymentId, *, payment_key: str) -> Settled:
        """Post what a PENDING payment bought or used, once; otherwise, and when aborting, change nothing.

        Raises BalanceLimitReachedError when the wallet has no room for the points that were bought.
        """
        ...

    async def abort(self, payment_id: PaymentId, failure: Failure) -> Settled:
        """Decide against a PENDING payment: from here on it can only fail. Otherwise change nothing."""
        ...

    async def fail(self, payment_id: PaymentId, failure: Failure) -> Settled:
        """Release what a PENDING payment held; an aborting one fails for the reason it was aborted for."""
        ...

    async def answer(self, key: RequestKey) -> Answer | None:
        """What this request was answered before; raises IdempotencyKeyReused-, IdempotencyInFlightError."""
        ...

    async def payment(self, payment_id: PaymentId) -> Payment | None: ...

    async def payment_of_order(self, order_id: str) -> Payment | None: ...

    async def claim_payments(self, *, lease_ms: int, limit: int) -> Sequence[Payment]:
        """PENDING payments nobody works on, oldest first, leased to the caller."""
        ...

    async def begin_refund(
        self,
        payment_id: PaymentId,
        *,
        amount: int | None,
        reason: str,
        key: RequestKey,
        request_id: str,
    ) -> RefundBegun:
        """Set aside what goes back (all that is left for None); without a card part it completes at once.

        Raises PaymentNotFoundError, PaymentNotRefundableError, RefundTooLargeError and the key's errors.
        """
        ...

    async def complete_refund(self, refund_id: RefundId) -> Refund:
        """Post the points of a PENDING refund and count it; otherwise change nothing."""
        ...

    async def decline_refund(
        self,
        refund_id: RefundId,
        *,
        detail: str,
        cancelled_won: int,
        card_returned: int,
        lease_ms: int,
    ) -> Refund:
        """End a PENDING refund that the gateway declined, by what had gone back to the card then.

        It is completed if `cancelled_won` covers it beside every other refund of the payment, and REFUSED,
        letting go of what it set aside, if it was somebody's wish and cannot have been covered. It stays
        PENDING while others may be what was covered, or while `card_returned` is not what the books say
        any more; and one that a message asked for stays so for ever, `lease_ms` at a time.
        """
        ...

    async def claim_refunds(self, *, lease_ms: int, limit: int) -> Sequence[Refund]:
        """PENDING refunds nobody works on, oldest first, leased to the caller."""
        ...

    async def grant(self, user_ids: Sequence[UserId], *, amount: int, reference: str) -> int:
        """Give each user points once per reference; returns how many got some by this call."""
        ...
