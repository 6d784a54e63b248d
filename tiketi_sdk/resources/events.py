"""`client.events`: what is on, where, and from when to when it sells."""

from datetime import datetime

from tiketi_sdk.contract import event as contract
from tiketi_sdk.contract.event import Event, EventStatus
from tiketi_sdk.paging import AsyncListing
from tiketi_sdk.resources.base import AsyncResource


class AsyncEvents(AsyncResource):
    """Events. Times carry their offset: `datetime(2026, 5, 1, 20, tzinfo=ZoneInfo("Asia/Seoul"))`."""

    def list(
        self,
        *,
        status: EventStatus | None = None,
        q: str | None = None,
        cursor: str | None = None,
        limit: int = 20,
    ) -> AsyncListing[Event]:
        """Events, newest sale first. `q`: words in title, artist or venue; `limit`: items a page, to 100."""
        return self._listing(contract.LIST, status=status, q=q, cursor=cursor, limit=limit)

    async def get(self, event_id: int) -> Event:
        """One event. Raises `EventNotFoundError`."""
        return await self._ask(contract.GET, event_id=event_id)

    async def create(
        self,
        *,
        title: str,
        artist: str,
        venue: str,
        starts_at: datetime,
        on_sale_at: datetime,
        sale_ends_at: datetime,
        description: str = "",
        seats_per_user_max: int = 4,
        idempotency_key: str | None = None,
    ) -> Event:
        """Announce an event (administrators); `on_sale_at` < `sale_ends_at` ≤ `starts_at`."""
        return await self._ask(
            contract.CREATE,
            title=title,
            artist=artist,
            venue=venue,
            description=description,
            starts_at=starts_at,
            on_sale_at=on_sale_at,
            sale_ends_at=sale_ends_at,
            seats_per_user_max=seats_per_user_max,
            idempotency_key=idempotency_key,
        )
