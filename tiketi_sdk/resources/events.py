"""`client.events`: what is on, where, and from when to when it sells."""

from datetime import datetime
from typing import Any

from tiketi_sdk.contract import event as contract
from tiketi_sdk.contract.event import Event, EventStatus
from tiketi_sdk.paging import AsyncListing
from tiketi_sdk.resources.base import AsyncResource, tag_of


class AsyncEvents(AsyncResource):
    """Events. Times carry their offset: `datetime(2026, 5, 1, 20, tzinfo=ZoneInfo("Asia/Seoul"))`."""

    def list(
        self,
        *,
        status: EventStatus | None = None,
        q: str | None = None,
        venue: str | None = None,
        starts_from: datetime | None = None,
        starts_before: datetime | None = None,
        price_min: int | None = None,
        price_max: int | None = None,
        cursor: str | None = None,
        limit: int = 20,
    ) -> AsyncListing[Event]:
        """Events for which all of this holds, newest sale first; `limit`: items a page, to 100.

        `q`: words in title, artist or venue. Prices: with a seat that costs at least, at most so many won.
        """
        return self._listing(
            contract.LIST,
            status=status,
            q=q,
            venue=venue,
            starts_from=starts_from,
            starts_before=starts_before,
            price_min=price_min,
            price_max=price_max,
            cursor=cursor,
            limit=limit,
        )

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
        image_url: str | None = None,
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
            image_url=image_url,
            idempotency_key=idempotency_key,
        )

    async def update(
        self,
        event_id: int,
        *,
        version: int | None = None,
        title: str | None = None,
        artist: str | None = None,
        venue: str | None = None,
        starts_at: datetime | None = None,
        on_sale_at: datetime | None = None,
        sale_ends_at: datetime | None = None,
        description: str | None = None,
        seats_per_user_max: int | None = None,
        image_url: str | None = None,
    ) -> Event:
        """Change an event (administrators); what is None stays as it is, an empty `image_url` takes the image away.

        With the `version` you have seen, somebody else's change since then is not overwritten:
        `PreconditionFailedError`. Raises `EventNotFoundError`, `EventCancelledError` too.
        """
        return await self._ask(
            contract.UPDATE,
            if_match=tag_of(version),
            event_id=event_id,
            title=title,
            artist=artist,
            venue=venue,
            starts_at=starts_at,
            on_sale_at=on_sale_at,
            sale_ends_at=sale_ends_at,
            description=description,
            seats_per_user_max=seats_per_user_max,
            image_url=image_url,
        )

    async def cancel(
        self, event_id: int, *, reason: str | None = None, version: int | None = None
    ) -> Event:
        """Cancel an event (administrators): what is held or sold is given back, payments are refunded.

        That takes a moment for many tickets. Cancelling again changes nothing. With the `version` you
        have seen, one that was changed since is not cancelled: `PreconditionFailedError`.
        """
        said: dict[str, Any] = {} if reason is None else {"reason": reason}
        return await self._ask(contract.CANCEL, if_match=tag_of(version), event_id=event_id, **said)

    async def delete(self, event_id: int, *, version: int | None = None) -> Event:
        """Remove an event that never had seats (administrators). Raises `EventInUseError`."""
        return await self._ask(contract.DELETE, if_match=tag_of(version), event_id=event_id)
