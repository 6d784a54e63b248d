"""`client.notifications`: what was said to whom, how one wants it, and what was given up."""

from collections.abc import Sequence

from tiketi_sdk.contract import notification as contract
from tiketi_sdk.contract.notification import (
    Category,
    Channel,
    DeadLetter,
    Delivery,
    DeliveryStatus,
    Device,
    DevicePlatform,
    Language,
    Preferences,
    Preview,
)
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
        self,
        user_id: int,
        *,
        subject: str,
        body: str,
        channel: Channel = "email",
        category: Category = "transactional",
        idempotency_key: str | None = None,
    ) -> Delivery:
        """Write to a user by hand (administrators). Advertising reaches only those who agreed to it."""
        return await self._ask(
            contract.SEND,
            user_id=user_id,
            subject=subject,
            body=body,
            channel=channel,
            category=category,
            idempotency_key=idempotency_key,
        )

    async def preferences(self) -> Preferences:
        """What you want to be told, and where."""
        return await self._ask(contract.PREFERENCES)

    async def change_preferences(
        self,
        *,
        language: Language | None = None,
        push: bool | None = None,
        sms: bool | None = None,
        marketing_email: bool | None = None,
        marketing_push: bool | None = None,
        marketing_sms: bool | None = None,
        turn_email: bool | None = None,
    ) -> Preferences:
        """Change what is given; the rest stays."""
        return await self._ask(
            contract.CHANGE_PREFERENCES,
            language=language,
            push=push,
            sms=sms,
            marketing_email=marketing_email,
            marketing_push=marketing_push,
            marketing_sms=marketing_sms,
            turn_email=turn_email,
        )

    async def add_device(self, token: str, platform: DevicePlatform) -> Device:
        """Let a device take your push messages, by its registration token."""
        return await self._ask(contract.ADD_DEVICE, token=token, platform=platform)

    async def devices(self) -> tuple[Device, ...]:
        """The devices that take your push messages, the newest first."""
        return (await self._ask(contract.DEVICES)).items

    async def remove_device(self, token: str) -> Device:
        """Forget one of your devices."""
        return await self._ask(contract.REMOVE_DEVICE, token=token)

    async def templates(self) -> tuple[str, ...]:
        """The messages people hear about (administrators)."""
        return (await self._ask(contract.TEMPLATES)).names

    async def preview(
        self, name: str, *, language: Language = "ko", category: Category = "transactional"
    ) -> Preview:
        """What a reader of a message would see, filled with an example (administrators)."""
        return await self._ask(contract.PREVIEW, name=name, language=language, category=category)

    def dead_letters(
        self, *, cursor: str | None = None, limit: int = 20
    ) -> AsyncListing[DeadLetter]:
        """What was given up, newest first (administrators)."""
        return self._listing(contract.DEAD_LETTERS, cursor=cursor, limit=limit)

    async def replay(self, ids: Sequence[str] | None = None) -> int:
        """Try dead letters anew, all there are unless named; returns how many (administrators)."""
        if ids is not None:
            return (await self._ask(contract.REPLAY, ids=tuple(ids))).count
        count = 0
        while True:
            replayed = await self._ask(contract.REPLAY)
            count += replayed.count
            # Letters that are as wrong as they were stay, so that none tried anew means an end, too.
            if not replayed.more or replayed.count == 0:
                return count
