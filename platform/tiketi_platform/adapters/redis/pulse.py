"""Signs of life for many users in one round trip, and how each of them stands; decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tiketi_core.kernel.ids import EventId, UserId
from tiketi_core.queue.errors import QueueUnavailableError
from tiketi_platform.adapters.redis import keys
from tiketi_platform.adapters.redis.errors import RedisError
from tiketi_platform.adapters.redis.replies import integers
from tiketi_platform.adapters.redis.scripts import Scripts

users_max: Final = 1_000
"""In one script: it keeps Valkey to itself for a millisecond at the most."""
_ADMITTED: Final = -1
_OWN_CLOCK: Final = 0


@dataclass(frozen=True, slots=True)
class Standings:
    """How users stand."""

    waiting: dict[UserId, int] = field(default_factory=dict)
    """Number in the line by user; 0 where there is none yet."""
    admitted: list[UserId] = field(default_factory=list)
    absent: list[UserId] = field(default_factory=list)
    """Neither, as far as the line and the sessions say."""


class RoomPulse:
    """The waiting users of one process."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def alive(self, event_id: EventId, user_ids: Sequence[UserId]) -> Standings:
        """They are still there, by Redis' own clock. Raises QueueUnavailableError, and some may then have been noted."""
        standings = Standings()
        for start in range(0, len(user_ids), users_max):
            batch = user_ids[start : start + users_max]
            try:
                reply = await self._scripts.run(
                    "queue/alive", keys.room(event_id).all, (_OWN_CLOCK, *batch)
                )
            except RedisError as error:
                raise QueueUnavailableError(retry_after_s=1) from error
            if isinstance(reply, int):  # there is no such room
                standings.absent.extend(batch)
                continue
            for user_id, answer in zip(batch, integers(reply), strict=True):
                if answer >= 0:
                    standings.waiting[user_id] = answer
                elif answer == _ADMITTED:
                    standings.admitted.append(user_id)
                else:
                    standings.absent.append(user_id)
        return standings
