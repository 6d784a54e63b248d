"""`client.notifications`: what was said to whom."""

from tiketi_sdk.contract import notification as contract
from tiketi_sdk.contract.notification import Delivery, DeliveryStatus
from tiketi_sdk.paging import AsyncListing
from tiketi_sdk.resources.base import AsyncResource


class AsyncNotifications(AsyncResource):
    """Notifications."""

    def list(
        self,
        *,
        user_id: int | None = None,
        status: DeliveryStatus | None = None,
        cursor: str | None = None,
        limit: int = 20,
    ) -> AsyncListing[Delivery]:
        """Deliveries, newest first: yours, or a user's if an administrator asks; `limit`: items a page, to 100."""
        return self._listing(
            contract.LIST, user_id=user_id, status=status, cursor=cursor, limit=limit
        )

    async def send(
        self, user_id: int, *, subject: str, body: str, idempotency_key: str | None = None
    ) -> Delivery:
        """Write to a user by hand (administrators)."""
        return await self._ask(
            contract.SEND,
            user_id=user_id,
            subject=subject,
            body=body,
            idempotency_key=idempotency_key,
        )
