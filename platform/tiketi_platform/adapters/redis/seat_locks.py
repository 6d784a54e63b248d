"""Short locks in front of the seats, so that a stampede on one seat does not queue in PostgreSQL.

PostgreSQL decides who gets a seat; these locks only turn away early. So when Redis does not answer in
time, buyers go on without: slower, and just as correct. Whoever is turned away costs PostgreSQL nothing;
a request that was let through before may have reserved the seats that others try for now, so it is let
through again, to hear from PostgreSQL what became of it.
"""

import logging
import secrets
from collections.abc import Sequence
from typing import Final

from tiketi_core.kernel import bounds
from tiketi_core.kernel.ids import EventId, SeatId, UserId
from tiketi_core.reservation.errors import SeatTakenError
from tiketi_core.reservation.model import RequestKey
from tiketi_platform.adapters.redis import keys
from tiketi_platform.adapters.redis.errors import RedisError
from tiketi_platform.adapters.redis.replies import integers
from tiketi_platform.adapters.redis.scripts import Scripts

_log = logging.getLogger(__name__)

TIMEOUT_MS: Final = 250
"""A lock is to save time; one that takes longer saves none."""


class RedisSeatLocks:
    """The `SeatLocks` port."""

    def __init__(self, scripts: Scripts, *, ttl_ms: int = bounds.seat_lock_ttl_ms) -> None:
        self._scripts = scripts
        self._ttl_ms = ttl_ms

    async def acquire(
        self,
        event_id: EventId,
        seat_ids: Sequence[SeatId],
        *,
        user_id: UserId,
        key: RequestKey | None = None,
    ) -> str:
        owner = f"{user_id}:{secrets.token_hex(8)}"
        names = keys.seat_locks(event_id, seat_ids)
        args: tuple[str | int, ...] = (owner, self._ttl_ms)
        if key is not None:
            names.append(keys.seat_pass(event_id, user_id, key.key))
            args = (*args, bounds.seat_pass_ttl_ms)
        try:
            reply = await self._scripts.run("seats/lock", names, args, timeout_ms=TIMEOUT_MS)
        except RedisError as error:
            _log.warning("reserving without the lock: %s", error)
            return owner
        taken = [seat_ids[place - 1] for place in integers(reply)]
        if taken:
            raise SeatTakenError(extra={"seat_ids": taken})
        return owner

    async def release(self, event_id: EventId, seat_ids: Sequence[SeatId], *, owner: str) -> None:
        try:
            await self._scripts.run(
                "seats/release",
                keys.seat_locks(event_id, seat_ids),
                (owner,),
                timeout_ms=TIMEOUT_MS,
            )
        except RedisError as error:
            _log.warning("a seat lock is left to run out: %s", error)
