"""`client.payments`: paying reservations by card, points or both, and giving money back. Whole won."""

import uuid

from tiketi_sdk.contract import payment as contract
from tiketi_sdk.contract import reservation as reservation_contract
from tiketi_sdk.contract.payment import Payment, Refund
from tiketi_sdk.contract.reservation import Reservation
from tiketi_sdk.resources.base import AsyncResource


class AsyncPayments(AsyncResource):
    """Payments."""

    async def create(
        self,
        reservation: Reservation | int,
        *,
        point_used: int = 0,
        card_amount: int = 0,
        total_price: int | None = None,
        pg_token: str | None = None,
        entry_token: str | None = None,
        idempotency_key: str | None = None,
    ) -> Payment:
        """Pay a reservation (or its id): `point_used` + `card_amount` = `total_price`, their sum unless given.

        `pg_token` is needed where a card pays. The entry token of your admission is sent by itself.
        A PENDING payment will be settled either way: ask again. Raises `CardDeclinedError`,
        `InsufficientPointsError`, `PriceMismatchError`, `ReservationNotPayableError`.
        """
        if isinstance(reservation, Reservation):
            self._caller.remember_reservation(reservation.id, reservation.event_id)
            reservation_id = reservation.id
        else:
            reservation_id = reservation
        if total_price is None:
            total_price = point_used + card_amount
        key = idempotency_key or str(uuid.uuid4())

        async def send(remembered: str | None) -> Payment:
            return await self._ask(
                contract.PAY,
                reservation_id=reservation_id,
                total_price=total_price,
                point_used=point_used,
                card_amount=card_amount,
                pg_token=pg_token,
                entry_token=entry_token or remembered,
                idempotency_key=key,
            )

        event_id = None if entry_token else await self._event_of(reservation_id)
        return await self._entering(event_id, send)

    async def get(self, payment_id: int) -> Payment:
        """One payment. Raises `PaymentNotFoundError`, also for somebody else's."""
        return await self._ask(contract.GET, payment_id=payment_id)

    async def refund(
        self,
        payment_id: int,
        *,
        reason: str,
        amount: int | None = None,
        idempotency_key: str | None = None,
    ) -> Refund:
        """Give money back, all that is left unless `amount` says less (administrators).

        Raises `PaymentNotRefundableError`, `RefundTooLargeError`.
        """
        return await self._ask(
            contract.REFUND,
            payment_id=payment_id,
            amount=amount,
            reason=reason,
            idempotency_key=idempotency_key,
        )

    async def _event_of(self, reservation_id: int) -> int | None:
        if not self._caller.store.load().entry_tokens:
            return None
        event_id = self._caller.event_of(reservation_id)
        if event_id is None:
            reservation = await self._ask(reservation_contract.GET, reservation_id=reservation_id)
            event_id = reservation.event_id
            self._caller.remember_reservation(reservation_id, event_id)
        return event_id
