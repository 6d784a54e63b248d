"""`client.tickets`: the rights to seats that confirmed reservations became, and the door."""

from tiketi_sdk.contract import reservation as contract
from tiketi_sdk.contract.reservation import Ticket
from tiketi_sdk.paging import AsyncListing
from tiketi_sdk.resources.base import AsyncResource


class AsyncTickets(AsyncResource):
    """Tickets."""

    def list(
        self,
        *,
        event_id: int | None = None,
        reservation_id: int | None = None,
        cursor: str | None = None,
        limit: int = 20,
    ) -> AsyncListing[Ticket]:
        """Your tickets, newest first; `limit`: items a page, to 100."""
        return self._listing(
            contract.TICKETS,
            event_id=event_id,
            reservation_id=reservation_id,
            cursor=cursor,
            limit=limit,
        )

    async def get(self, ticket_id: int) -> Ticket:
        """One ticket with its QR code as SVG. Raises `TicketNotFoundError`, also for somebody else's."""
        return await self._ask(contract.TICKET, ticket_id=ticket_id)

    async def check_in(self, event_id: int, qr: str) -> Ticket:
        """Let in whoever shows this code at the door of this event, once (administrators).

        Raises `TicketUsedError`, `TicketInvalidError`, and `TicketOfOtherEventError`, which leaves it unused.
        """
        return await self._ask(contract.CHECK_IN, event_id=event_id, qr=qr)
