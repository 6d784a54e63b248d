"""Giving money back: set aside, cancel at the gateway, post; refuses to give back more than was paid."""

from collections.abc import Sequence

from tiketi_core.kernel.ids import PaymentId
from tiketi_core.payment.errors import PaymentNotRefundableError
from tiketi_core.payment.gateway import CancelRefusedError, GatewayError
from tiketi_core.payment.model import Policy, Refund
from tiketi_core.payment.ports import Alarms, CardGateway, PaymentBooks
from tiketi_core.payment.use_cases.answers import replay
from tiketi_core.payment.use_cases.paying import Caller


class Refunds:
    """Refunds, asked for by people and by messages. A crash in between is finished by the recovery.

    What a person asked for may be refused. What a message asks for is money for seats that are gone: we owe
    it, so it stays under way however often the gateway declines.
    """

    def __init__(
        self, books: PaymentBooks, gateway: CardGateway, *, alarms: Alarms, policy: Policy
    ) -> None:
        self._books = books
        self._gateway = gateway
        self._alarms = alarms
        self._policy = policy

    async def refund(
        self, payment_id: PaymentId, *, amount: int | None, reason: str, caller: Caller
    ) -> Refund:
        """Give back `amount` won, or all that is left; PENDING when the gateway has not said yes or no.

        Raises PaymentNotFoundError, PaymentNotRefundableError, RefundTooLargeError, then nothing changed.
        """
        begun = await self._books.begin_refund(
            payment_id,
            amount=amount,
            reason=reason,
            key=caller.key,
            request_id=caller.request_id,
        )
        if begun.answer is not None:
            refund = replay(begun.answer).refund
        else:
            assert begun.refund is not None, "a refund began or was answered before"
            refund = await self.finish(begun.refund)
        assert refund is not None, "a refund's answer is a refund"
        if refund.status == "REFUSED":
            raise PaymentNotRefundableError("the card company will not give this back")
        return refund

    async def finish(self, refund: Refund) -> Refund:
        """Bring a refund to its end; the same refund, still PENDING, when the gateway does not say."""
        if refund.status != "PENDING":
            return refund
        assert refund.payment_key is not None, "only a charged card gets money back"
        try:
            await self._gateway.cancel(
                payment_key=refund.payment_key,
                amount_won=refund.card,
                reason=refund.reason,
                idempotency_key=f"refund-{refund.id}",
            )
        except CancelRefusedError as error:
            return await self._declined(refund, error)
        except GatewayError as error:
            self._alarms.gateway_failed(error, step="refund", order_id=refund.order_id)
            return refund
        return await self._books.complete_refund(refund.id)

    async def _declined(self, refund: Refund, error: CancelRefusedError) -> Refund:
        # Somebody may have given the money back by hand, or the gateway forgot our key and not the money.
        try:
            approval = await self._gateway.find(order_id=refund.order_id)
        except GatewayError as silence:
            self._alarms.gateway_failed(silence, step="refund", order_id=refund.order_id)
            return refund
        ended = await self._books.decline_refund(
            refund.id,
            detail=error.detail,
            cancelled_won=approval.cancelled_won if approval else 0,
            card_returned=refund.card_returned,
            lease_ms=self._policy.declined_lease_ms,
        )
        if ended.status == "PENDING":
            self._alarms.gateway_failed(error, step="refund", order_id=refund.order_id)
        return ended

    async def claim(self) -> Sequence[Refund]:
        """Lease a batch of refunds that nobody works on, to be given to `finish` one by one."""
        return await self._books.claim_refunds(
            lease_ms=self._policy.lease_ms, limit=self._policy.batch
        )
