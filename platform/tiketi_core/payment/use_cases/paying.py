"""Paying a reservation and buying points: check, begin, charge the card, complete; each step is one call."""

from dataclasses import dataclass

from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.errors import DomainError
from tiketi_core.kernel.ids import EventId, ReservationId
from tiketi_core.payment.errors import IdempotencyInFlightError
from tiketi_core.payment.gateway import (
    CardDeclinedError,
    GatewayError,
    GatewayRefusedError,
    GatewayUnknownError,
    GatewayUnreachableError,
)
from tiketi_core.payment.model import Answer, Begun, Draft, Failure, Payment, RequestKey, Settled
from tiketi_core.payment.ports import Alarms, CardGateway, PaymentBooks, ReservationDirectory
from tiketi_core.payment.rules import check_amounts, check_payable
from tiketi_core.payment.use_cases.answers import replay
from tiketi_core.payment.use_cases.settlement import Settlement


@dataclass(frozen=True, slots=True, kw_only=True)
class Pay:
    """A reservation somebody wants to pay."""

    reservation_id: ReservationId
    total_price: int
    point_used: int
    card_amount: int
    pg_token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Buy:
    """Points somebody wants to buy by card."""

    amount: int
    pg_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, by which request; the key's user is the one who pays."""

    key: RequestKey
    request_id: str


class Payments:
    """The saga of a payment. A crash between any two of its steps is finished by the recovery."""

    def __init__(
        self,
        books: PaymentBooks,
        gateway: CardGateway,
        *,
        reservations: ReservationDirectory,
        settlement: Settlement,
        alarms: Alarms,
        clock: Clock,
    ) -> None:
        self._books = books
        self._gateway = gateway
        self._reservations = reservations
        self._settlement = settlement
        self._alarms = alarms
        self._clock = clock

    async def pay(self, order: Pay, caller: Caller, *, entry_event_id: EventId | None) -> Settled:
        """Pay a reservation; PENDING when the gateway has not said yes or no.

        Without an entry (the admission is over) only a request that was answered before is answered again.

        Raises what `rules.check_*` and `PaymentBooks.begin` raise, CardDeclinedError,
        GatewayRefusedError and GatewayUnreachableError; then no money was taken.
        """
        try:
            begun = await self._begin_payment(order, caller, entry_event_id)
        except DomainError:
            # A paid reservation is not payable any more, so a repeated request is refused above. Looking
            # the key up only then keeps the first request at one round trip.
            answer = await self._books.answer(caller.key)
            if answer is None:
                raise
            begun = Begun(answer=answer)
        return await self._go_on(begun, caller.key)

    async def buy(self, order: Buy, caller: Caller) -> Settled:
        """Buy points by card; the same saga without a reservation."""
        draft = Draft(
            user_id=caller.key.user_id,
            purpose="POINTS",
            reservation_id=None,
            event_id=None,
            total_price=order.amount,
            point_used=0,
            card_amount=order.amount,
            pg_token=order.pg_token,
            request_id=caller.request_id,
        )
        return await self._go_on(await self._books.begin(draft, caller.key), caller.key)

    async def _begin_payment(
        self, order: Pay, caller: Caller, entry_event_id: EventId | None
    ) -> Begun:
        check_amounts(
            total_price=order.total_price,
            point_used=order.point_used,
            card_amount=order.card_amount,
            pg_token=order.pg_token,
        )
        reservation = check_payable(
            await self._reservations.get(order.reservation_id),
            user_id=caller.key.user_id,
            total_price=order.total_price,
            entry_event_id=entry_event_id,
            now_ms=self._clock.now_ms(),
        )
        draft = Draft(
            user_id=caller.key.user_id,
            purpose="TICKETS",
            reservation_id=order.reservation_id,
            event_id=reservation.event_id,
            total_price=order.total_price,
            point_used=order.point_used,
            card_amount=order.card_amount,
            pg_token=order.pg_token if order.card_amount else None,
            request_id=caller.request_id,
        )
        return await self._books.begin(draft, caller.key)

    async def _go_on(self, begun: Begun, key: RequestKey) -> Settled:
        if begun.answer is not None:
            return _payment_of(begun.answer)
        assert begun.settled is not None, "a payment began or was answered before"
        if begun.settled.payment.status != "PENDING":
            return begun.settled
        return await self._charge_card(begun.settled, key)

    async def _charge_card(self, begun: Settled, key: RequestKey) -> Settled:
        payment = begun.payment
        assert payment.pg_token is not None, "a card payment has a token"
        try:
            approval = await self._gateway.approve(
                pg_token=payment.pg_token,
                order_id=payment.order_id,
                amount_won=payment.card_amount,
            )
        except CardDeclinedError as error:
            failure = Failure(code=error.code, detail=error.detail, gateway_code=error.gateway_code)
            return await self._fail_or_raise(payment, failure, error)
        except (GatewayRefusedError, GatewayUnreachableError) as error:
            # This was the order's first call, so nothing was charged and the request may come again.
            self._alarms.gateway_failed(error, step="approve", order_id=payment.order_id)
            failure = Failure(code=error.code, detail=error.detail)
            return await self._fail_or_raise(payment, failure, error)
        except GatewayUnknownError as error:
            self._alarms.gateway_failed(error, step="approve", order_id=payment.order_id)
            await self._look(payment)
            return await self._as_it_stands(begun, key)
        return await self._settlement.complete(payment, approval)

    async def _look(self, payment: Payment) -> None:
        try:
            await self._settlement.look(payment)
        except GatewayError as error:
            # The recovery looks again; the customer is told that nobody knows yet.
            self._alarms.gateway_failed(error, step="look", order_id=payment.order_id)

    async def _fail_or_raise(
        self, payment: Payment, failure: Failure, error: DomainError
    ) -> Settled:
        settled = await self._books.fail(payment.id, failure)
        if settled.payment.status == "FAILED":
            raise error
        return settled

    async def _as_it_stands(self, begun: Settled, key: RequestKey) -> Settled:
        try:
            answer = await self._books.answer(key)
        except IdempotencyInFlightError:
            return begun
        if answer is None:
            raise GatewayUnknownError("the gateway took the charge back")
        return _payment_of(answer)


def _payment_of(answer: Answer) -> Settled:
    settled = replay(answer).settled
    assert settled is not None, "a payment's answer is a payment"
    return settled
