"""Brings PENDING payments to an end by what the gateway says; refuses to take silence for an answer.

Several processes may settle one payment at once: the books let only one of them win, and a payment is
marked as aborting before its card gets money back, so that nobody completes it meanwhile.
"""

from collections.abc import Sequence

from tiketi_core.kernel.clock import Clock
from tiketi_core.payment.errors import BalanceLimitReachedError, ReservationNotPayableError
from tiketi_core.payment.gateway import (
    Approval,
    CardDeclinedError,
    GatewayError,
)
from tiketi_core.payment.model import Failure, Payment, Policy, Settled
from tiketi_core.payment.ports import Alarms, CardGateway, PaymentBooks, ReservationDirectory
from tiketi_core.payment.rules import is_payable


class Settlement:
    """Settles payments whose outcome this process does not know, or does not know any more."""

    def __init__(
        self,
        books: PaymentBooks,
        gateway: CardGateway,
        *,
        reservations: ReservationDirectory,
        alarms: Alarms,
        clock: Clock,
        policy: Policy,
    ) -> None:
        self._books = books
        self._gateway = gateway
        self._reservations = reservations
        self._alarms = alarms
        self._clock = clock
        self._policy = policy

    async def complete(self, payment: Payment, approval: Approval) -> Settled:
        """Post a payment whose card was charged; gives the money back where the books have no room.

        Raises BalanceLimitReachedError when that happened; the payment has failed then, or is about to.
        """
        try:
            return await self._books.complete(payment.id, payment_key=approval.payment_key)
        except BalanceLimitReachedError as error:
            await self._books.abort(payment.id, Failure(code=error.code, detail=error.detail))
            await self._give_back(payment, approval)
            raise

    async def look(self, payment: Payment) -> None:
        """Settle by what the gateway shows now; changes nothing when it shows no charge.

        Raises GatewayError when it shows nothing certain.
        """
        approval = await self._gateway.find(order_id=payment.order_id)
        if approval is not None:
            await self._settle(payment, approval)

    async def claim(self) -> Sequence[Payment]:
        """Lease a batch of payments that nobody works on, to be given to `recover` one by one."""
        return await self._books.claim_payments(
            lease_ms=self._policy.lease_ms, limit=self._policy.batch
        )

    async def recover(self, payment: Payment) -> None:
        """Settle a leased payment, if need be by asking the gateway for the charge again.

        Raises UnavailableError when the reservation service does not say whether it is still wanted:
        the lease ends, and another round asks again.
        """
        try:
            approval = await self._gateway.find(order_id=payment.order_id)
            if approval is None:
                approval = await self._charge_again(payment)
        except CardDeclinedError as error:
            failure = Failure(code=error.code, detail=error.detail, gateway_code=error.gateway_code)
            await self._books.fail(payment.id, failure)
        except GatewayError as error:
            self._alarms.gateway_failed(error, step="recover", order_id=payment.order_id)
        else:
            if approval is not None:
                await self._settle(payment, approval)

    async def _charge_again(self, payment: Payment) -> Approval | None:
        # `find` answering nothing is not final while the first request may be on its way; the same request
        # with the same order id is. It is sent only while the customer still wants the outcome.
        age_ms = self._clock.now_ms() - payment.created_at_ms
        if age_ms >= self._policy.confirm_window_ms:
            # Nothing was charged, so the same request may start afresh.
            lost = Failure(code="gateway_unavailable", detail="the gateway never charged")
            await self._books.fail(payment.id, lost)
            return None
        if payment.is_aborting or payment.pg_token is None or not await self._is_wanted(payment):
            return None
        return await self._gateway.approve(
            pg_token=payment.pg_token, order_id=payment.order_id, amount_won=payment.card_amount
        )

    async def _settle(self, payment: Payment, approval: Approval) -> None:
        if payment.status == "FAILED" or payment.is_aborting or approval.cancelled_won:
            await self._give_back(payment, approval)
        elif payment.status == "PENDING":
            if await self._is_wanted(payment):
                await self._complete_quietly(payment, approval)
                return
            reason = ReservationNotPayableError("the payment came too late for the reservation")
            await self._books.abort(payment.id, Failure(code=reason.code, detail=reason.detail))
            await self._give_back(payment, approval)

    async def _complete_quietly(self, payment: Payment, approval: Approval) -> None:
        try:
            await self.complete(payment, approval)
        except BalanceLimitReachedError:
            # The card has its money back, or gets it in the next round; nobody waits for this answer.
            return

    async def _is_wanted(self, payment: Payment) -> bool:
        """Whether completing would give the customer something; UnavailableError when nobody can tell."""
        if payment.reservation_id is None:
            return True
        reservation = await self._reservations.get(payment.reservation_id)
        return reservation is not None and is_payable(reservation, now_ms=self._clock.now_ms())

    async def _give_back(self, payment: Payment, approval: Approval) -> None:
        """Return the card's money and fail the payment; a gateway that is silent leaves it for the next round.

        Only for payments that nobody can complete any more.
        """
        settled = await self._books.abort(
            payment.id, Failure(code="gateway_unavailable", detail="the charge was taken back")
        )
        if settled.payment.status not in {"PENDING", "FAILED"}:
            return
        try:
            if approval.balance_won:
                await self._gateway.cancel(
                    payment_key=approval.payment_key,
                    amount_won=approval.balance_won,
                    reason="the payment failed",
                    idempotency_key=f"abort-{payment.order_id}",
                )
        except GatewayError as error:
            self._alarms.gateway_failed(error, step="give back", order_id=payment.order_id)
            return
        await self._books.fail(
            payment.id, Failure(code="gateway_unavailable", detail="the charge was taken back")
        )
