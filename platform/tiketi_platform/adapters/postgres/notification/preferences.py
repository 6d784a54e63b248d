"""What people want to be told and where, in PostgreSQL; says nothing to anybody."""

from collections.abc import Sequence
from typing import Final

from tiketi_core.kernel.ids import UserId
from tiketi_core.notification.model import ChannelName, Language
from tiketi_platform.adapters.postgres.pool import Database, Record
from tiketi_platform.adapters.postgres.queries import Queries

DEVICES_MAX: Final = 10
"""Devices one push message goes to, the newest; older ones are forgotten."""

_SQL: Final = Queries.load("notification")


class PostgresPreferences:
    """Preferences and devices by user."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, user_id: UserId) -> Record | None:
        """What a user said they want; None where they never said."""
        return await self._database.fetchrow(_SQL["preferences"], user_id)

    async def change(
        self,
        user_id: UserId,
        *,
        language: Language | None = None,
        push: bool | None = None,
        sms: bool | None = None,
        marketing_email: bool | None = None,
        marketing_push: bool | None = None,
        marketing_sms: bool | None = None,
        turn_email: bool | None = None,
    ) -> Record:
        """Change what is not None; all of it as it stands then."""
        row = await self._database.fetchrow(
            _SQL["set_preferences"],
            user_id,
            language,
            push,
            sms,
            marketing_email,
            marketing_push,
            marketing_sms,
            turn_email,
        )
        assert row is not None, "the statement returns the row it wrote"
        return row

    async def refuse_marketing(self, user_id: UserId, channel: ChannelName) -> None:
        """End the advertising of one channel; again changes nothing."""
        match channel:
            case "email":
                await self.change(user_id, marketing_email=False)
            case "push":
                await self.change(user_id, marketing_push=False)
            case "sms":
                await self.change(user_id, marketing_sms=False)

    async def add_device(self, user_id: UserId, token: str, platform: str) -> None:
        """Let a device take push messages; of each user's the `DEVICES_MAX` newest do."""
        await self._database.execute(_SQL["add_device"], token, user_id, platform, DEVICES_MAX)

    async def devices(self, user_id: UserId) -> Sequence[Record]:
        """A user's, the newest first."""
        return await self._database.fetch(_SQL["devices"], user_id)

    async def remove_device(self, user_id: UserId, token: str) -> None:
        """Forget it; one that is not there is forgotten already."""
        await self._database.execute(_SQL["remove_device"], token, user_id)

    async def forget_devices(self, tokens: Sequence[str]) -> None:
        """Forget those that the push service no longer knows, whoever's they are."""
        await self._database.execute(_SQL["forget_devices"], list(tokens))
