"""How waiting rooms talk to Redis: a command or a script, and its failures in the waiting room's words."""

from tiketi_core.kernel.ids import EventId
from tiketi_platform.adapters.redis import keys, room_replies
from tiketi_platform.adapters.redis.client import RedisClient
from tiketi_platform.adapters.redis.errors import RedisError
from tiketi_platform.adapters.redis.replies import Argument, Reply
from tiketi_platform.adapters.redis.scripts import Scripts


class RoomCalls:
    """One process's way to the rooms."""

    def __init__(self, client: RedisClient, scripts: Scripts, *, own_clock: bool) -> None:
        """With `own_clock` the moment that scripts are told is Redis' own, whatever the caller says."""
        self._client = client
        self._scripts = scripts
        self._own_clock = own_clock

    async def script(self, name: str, event_id: EventId, now_ms: int, *args: Argument) -> Reply:
        """A script of lua/queue on one room. Raises QueueUnavailableError."""
        moment_ms = 0 if self._own_clock else now_ms
        try:
            return await self._scripts.run(name, keys.room(event_id).all, (moment_ms, *args))
        except RedisError as error:
            room_replies.fail(error)

    async def listing(self, name: str, event_id: EventId, now_ms: int, *args: Argument) -> Reply:
        """A script of lua/queue on the list of rooms to pump. Raises QueueUnavailableError."""
        moment_ms = 0 if self._own_clock else now_ms
        try:
            return await self._scripts.run(name, (keys.rooms,), (moment_ms, event_id, *args))
        except RedisError as error:
            room_replies.fail(error)

    async def command(self, *args: Argument, timeout_ms: int | None = None) -> Reply:
        """One command. Raises QueueUnavailableError."""
        try:
            return await self._client.execute(*args, timeout_ms=timeout_ms)
        except RedisError as error:
            room_replies.fail(error)
