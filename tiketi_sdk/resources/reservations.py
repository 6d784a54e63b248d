"""`client.reservations`: holding seats, and what became of them. Paying is `client.payments`."""

import uuid
from collections.abc import Iterable

from tiketi_sdk.contract import reservation as contract
from tiketi_sdk.contract.reservation import BestAvailable, Reservation, ReservationStatus
from tiketi_sdk.errors import WaitTimeoutError
from tiketi_sdk.paging import AsyncListing
from tiketi_sdk.resources.base import AsyncResource

_POLL_S_MIN = 0.05
_POLL_S_MAX = 1.0


class AsyncReservations(AsyncResource):
    """Reservations: PENDING until the deadline, CONFIRMED once paid, else CANCELLED or EXPIRED."""

    async def create(
        self,
        event_id: int,
        *,
        seat_ids: Iterable[int] | None = None,
        best_available: BestAvailable | int | None = None,
        entry_token: str | None = None,
        idempotency_key: str | None = None,
    ) -> Reservation:
        """Hold seats, all or none: those of `seat_ids`, or as many as `best_available` says (a plain count will do).

        The entry token of your admission is sent by itself. Raises `EntryRequiredError`,
        `SeatTakenError`, `SoldOutError`, `SeatLimitReachedError`, `NotOnSaleError`.
        """
        if isinstance(best_available, BestAvailable):
            best: dict[str, object] | None = best_available.model_dump()
        else:
            best = None if best_available is None else {"count": best_available}
        seats = None if seat_ids is None else tuple(seat_ids)
        key = idempotency_key or str(uuid.uuid4())

        async def send(remembered: str | None) -> Reservation:
            return await self._ask(
                contract.RESERVE,
                event_id=event_id,
                seat_ids=seats,
                best_available=best,
                entry_token=entry_token or remembered,
                idempotency_key=key,
            )

        return self._noted(await self._entering(event_id, send))

    def list(
        self,
        *,
        event_id: int | None = None,
        status: ReservationStatus | None = None,
        cursor: str | None = None,
        limit: int = 20,
    ) -> AsyncListing[Reservation]:
        """Your reservations, newest first; `limit`: items a page, to 100."""
        return self._listing(
            contract.LIST, event_id=event_id, status=status, cursor=cursor, limit=limit
        )

    async def get(self, reservation_id: int) -> Reservation:
        """One reservation. Raises `ReservationNotFoundError`, also for somebody else's."""
        return self._noted(await self._ask(contract.GET, reservation_id=reservation_id))

    async def cancel(self, reservation_id: int) -> Reservation:
        """Give the seats back; a paid reservation is refunded. Raises `ReservationNotCancellableError`."""
        return self._noted(await self._ask(contract.CANCEL, reservation_id=reservation_id))

    async def wait_until_settled(
        self, reservation_id: int, *, timeout_s: float = 30.0
    ) -> Reservation:
        """Wait until it is not PENDING any more: after a payment, CONFIRMED comes within moments.

        Raises `WaitTimeoutError` after `timeout_s`.
        """
        near = self._caller.surroundings
        deadline_s = near.monotonic_s() + timeout_s
        wait_s = _POLL_S_MIN
        while True:
            reservation = await self.get(reservation_id)
            if reservation.status != "PENDING":
                return reservation
            if near.monotonic_s() >= deadline_s:
                raise WaitTimeoutError(
                    f"reservation {reservation_id} is still PENDING after {timeout_s} s"
                )
            await near.sleep(wait_s)
            wait_s = min(wait_s * 2, _POLL_S_MAX)

    def _noted(self, reservation: Reservation) -> Reservation:
        self._caller.remember_reservation(reservation.id, reservation.event_id)
        return reservation
