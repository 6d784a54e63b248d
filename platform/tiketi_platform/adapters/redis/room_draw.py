"""Holds the draw of a waiting room and reads its receipt; who takes part is settled before it begins.

Writing the numbers takes several scripts, so that Redis answers others in between. None of the numbers
is seen before the last script makes them count; a draw that was interrupted, or that two replicas hold at
once, writes the same numbers again, because they follow from the seed and the list alone.
"""

import asyncio
from hashlib import sha256
from typing import Final

from tiketi_core.kernel.ids import EventId, UserId
from tiketi_core.queue import draw
from tiketi_core.queue.draw import DrawSecrets
from tiketi_core.queue.model import Gathering, ReceiptPage
from tiketi_platform.adapters.redis import keys
from tiketi_platform.adapters.redis.replies import array, bulk, bulk_or_none, bulks, integer
from tiketi_platform.adapters.redis.room_calls import RoomCalls

read_timeout_ms: Final = 3_000
"""A million who gathered are read in one command, so that nobody is missed."""
Drawn = list[tuple[UserId, str]]


class RoomDraws:
    """The draws of all rooms."""

    def __init__(self, calls: RoomCalls, *, part_max: int) -> None:
        """`part_max`: numbers written by one script; all replicas must agree."""
        self._calls = calls
        self._part_max = part_max

    async def hold(self, event_id: EventId, *, now_ms: int, batch_max: int) -> bool:
        """Draw, if it is time; whether this made the numbers count."""
        count = integer(await self._calls.script("queue/draw_begin", event_id, now_ms))
        room = keys.room(event_id)
        users = bulks(
            await self._calls.command(
                "ZRANGE", room.waiting, 0, count, "BYSCORE", timeout_ms=read_timeout_ms
            )
        )
        if count == 0 or len(users) != count:  # another replica was faster
            return False
        seed, salt = bulks(await self._calls.command("HMGET", room.draw, "seed", "salt"))
        drawn = await asyncio.to_thread(
            draw.draw, DrawSecrets(seed, salt), event_id, [UserId(int(user)) for user in users]
        )
        parts = range(0, count, self._part_max)
        for part, start in enumerate(parts):
            await self._write(event_id, now_ms, part, start, drawn[start : start + self._part_max])
        reply = await self._calls.script("queue/draw_end", event_id, now_ms, batch_max, len(parts))
        return integer(reply) == 1

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
