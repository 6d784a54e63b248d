"""`client.seats`: the halls there are, and which seats of an event are free."""

from tiketi_sdk.contract import reservation as contract
from tiketi_sdk.contract.reservation import GeneratedSeats, Layouts, SeatMap
from tiketi_sdk.resources.base import AsyncResource


class AsyncSeats(AsyncResource):
    """Layouts and seats."""

    async def layouts(self) -> Layouts:
        """The halls there are."""
        return await self._ask(contract.LAYOUTS)

    async def generate(self, event_id: int, *, layout: str) -> GeneratedSeats:
        """Put a layout's seats on sale (administrators); again changes nothing. Raises `SeatsInUseError`."""
        return await self._ask(contract.GENERATE, event_id=event_id, layout=layout)

    async def map(self, event_id: int) -> SeatMap:
        """All seats of an event and how they stand at this moment."""
        return await self._ask(contract.SEAT_MAP, event_id=event_id)
