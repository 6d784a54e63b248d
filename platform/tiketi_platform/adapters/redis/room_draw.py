"""Holds the draw of a waiting room and reads its receipt; who takes part is settled before it begins.

Writing the numbers takes several scripts, so that Redis answers others in between. None of the numbers
is seen before the last script makes them count; a draw that was interrupted, or that two replicas hold at
once, writes the same numbers again, because they follow from the seed and the list alone. A lease sees to
it that mostly one replica does the work; it runs out by itself when that one dies.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Final

from tiketi_core.kernel.ids import EventId, UserId
from tiketi_core.queue import draw
from tiketi_core.queue.draw import DrawSecrets
from tiketi_core.queue.errors import QueueUnavailableError
from tiketi_core.queue.model import Gathering, ReceiptPage
from tiketi_platform.adapters.redis import keys
from tiketi_platform.adapters.redis.replies import array, bulk, bulk_or_none, bulks, integer
from tiketi_platform.adapters.redis.room_calls import RoomCalls

page_count: Final = 10_000
"""Of those gathered, read by one command: neither Redis nor our loop is kept from others for long."""
lease_ms_default: Final = 5_000
"""A replica that dies in the middle of a draw keeps the next one waiting for so long."""
renewals_count: Final = 5
"""Times a lease is renewed before it would run out."""
Drawn = Sequence[tuple[UserId, str]]


class RoomDraws:
    """The draws of all rooms, as one replica holds them."""

    def __init__(
        self, calls: RoomCalls, *, part_max: int, lease_ms: int = lease_ms_default
    ) -> None:
        """`part_max`: numbers written by one script; all replicas must agree."""
        self._calls = calls
        self._part_max = part_max
        self._lease_ms = lease_ms
        self._who = secrets.token_hex(8)

    async def hold(self, event_id: EventId, *, now_ms: int, batch_max: int) -> bool:
        """Draw, if it is time and no other replica does; whether this made the numbers count."""
        count = await self._lease(event_id, now_ms)
        if count <= 0:
            return False
        async with self._leased(event_id, now_ms):
            users = await self._gathered(event_id, count)
            room = keys.room(event_id)
            seed, salt = bulks(await self._calls.command("HMGET", room.draw, "seed", "salt"))
            drawn = await asyncio.to_thread(draw.draw, DrawSecrets(seed, salt), event_id, users)
            if len(drawn) != count:  # another replica writes at this moment, or was faster
                return False
            parts = range(0, count, self._part_max)
            for part, start in enumerate(parts):
                some = drawn[start : start + self._part_max]
                await self._write(event_id, now_ms, part, start, some)
            end = (batch_max, len(parts))
            return integer(await self._calls.script("queue/draw_end", event_id, now_ms, *end)) == 1

    async def _lease(self, event_id: EventId, now_ms: int) -> int:
        """How many take part in the draw that is ours to hold; 0 or less: none is."""
        who = (self._who, self._lease_ms)
        return integer(await self._calls.script("queue/draw_begin", event_id, now_ms, *who))

    @asynccontextmanager
    async def _leased(self, event_id: EventId, now_ms: int) -> AsyncIterator[None]:
        """Keep the lease from running out."""

        async def renew() -> None:
            while True:
                await asyncio.sleep(self._lease_ms / 1000 / renewals_count)
                try:
                    await self._lease(event_id, now_ms)
                except QueueUnavailableError:
                    continue  # the draw itself finds out

        renewing = asyncio.create_task(renew())
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def _gathered(self, event_id: EventId, count: int) -> list[UserId]:
        """The first `count` in line, who are those that gathered: nobody of them can leave now.

        Where another replica writes numbers meanwhile, some may be there twice and others not.
        """
        users: list[UserId] = []
        for start in range(0, count, page_count):
            last = min(start + page_count, count) - 1
            reply = await self._calls.command("ZRANGE", keys.room(event_id).waiting, start, last)
            users.extend(UserId(int(user)) for user in bulks(reply))
        return users

    async def _write(
        self, event_id: EventId, now_ms: int, part: int, start: int, drawn: Drawn
    ) -> None:
        words = [
            word
            for number, (user, _) in enumerate(drawn, start + 1)
            for word in (str(user), str(number))
        ]
        receipt = " ".join(draw_id for _, draw_id in drawn)
        await self._calls.script(
            "queue/draw_write", event_id, now_ms, part, receipt, " ".join(words), *words
        )

    async def gathering(self, event_id: EventId) -> Gathering | None:
        """What was committed to, and what makes the pseudonyms."""
        key = keys.room(event_id).draw
        commitment, salt = array(await self._calls.command("HMGET", key, "commitment", "salt"))
        if commitment is None:
            return None
        return Gathering(bulk(commitment).decode(), bulk(salt))

    async def receipt(self, event_id: EventId, *, first: int, limit: int) -> ReceiptPage | None:
        """The outcome from the number `first` on."""
        names = ("opens_at", "drawn_at", "count", "commitment", "seed", "salt")
        part_first = (first - 1) // self._part_max
        parts = range(part_first, (first + limit - 2) // self._part_max + 1)
        reply = await self._calls.command(
            "HMGET", keys.room(event_id).draw, *names, *(f"receipt:{part}" for part in parts)
        )
        opens_at, drawn_at, count, commitment, seed, salt, *texts = map(bulk_or_none, array(reply))
        # The time of the draw is written when it counts: before, nothing of this may be seen.
        if None in {opens_at, drawn_at, count, commitment, seed, salt}:
            return None
        ids = [one.decode() for text in texts if text is not None for one in text.split()]
        skipped = first - 1 - part_first * self._part_max
        return ReceiptPage(
            opens_at_ms=int(opens_at or 0),
            drawn_at_ms=int(drawn_at or 0),
            count=int(count or 0),
            commitment=(commitment or b"").decode(),
            seed=seed or b"",
            salt_digest=sha256(salt or b"").digest(),
            draw_ids=ids[skipped : skipped + limit],
        )
