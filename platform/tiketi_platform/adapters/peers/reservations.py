"""The reservation service as payment asks it, by HTTP; remembers nothing, because a hold may end any second."""

from tiketi_core.kernel.ids import EventId, ReservationId, UserId
from tiketi_core.payment.model import PayableReservation
from tiketi_platform.adapters.peers.client import PeerClient
from tiketi_platform.framework.moments import to_ms
from tiketi_sdk.contract import reservation
from tiketi_sdk.errors import NotFoundError


class PeerReservations:
    """Payment's `ReservationDirectory` port."""

    def __init__(self, peer: PeerClient) -> None:
        self._peer = peer

    async def get(self, reservation_id: ReservationId) -> PayableReservation | None:
        """The reservation as it stands now, or None where there is none; UnavailableError for no answer."""
        request = reservation.ReservationRequest(reservation_id=reservation_id)
        try:
            found: reservation.Reservation = await self._peer.call(reservation.GET, request)
        except NotFoundError:
            return None
        return PayableReservation(
            user_id=UserId(found.user_id),
            event_id=EventId(found.event_id),
            status=found.status,
            total_price=found.total_price,
            expires_at_ms=to_ms(found.expires_at),
            version=found.version,
        )
