"""Tails the feed of admissions that ended before their entry tokens, beside the requests that bring the tokens.

An event's feed is followed from the first token seen for it until none was seen for a while: only that first
one waits for Redis, and not while Redis is known not to answer. What the feed
said is kept for longer than any token is good. While Redis does not answer nothing new is learnt, and an
ended session's token stays good until it runs out by itself: at most `entry_ttl_s`.
"""

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import Final

from tiketi_core.kernel import bounds
from tiketi_core.kernel.ids import EventId
from tiketi_platform.adapters.redis import keys
from tiketi_platform.adapters.redis.client import RedisClient
from tiketi_platform.adapters.redis.errors import RedisError
from tiketi_platform.adapters.redis.replies import array, bulk, bulks
from tiketi_platform.framework.beside import Beside

_log = logging.getLogger(__name__)

ask_every_s: Final = 0.1
"""How late an end is known here at the most, Redis answering."""
first_timeout_ms: Final = 500
"""How long the first token of an event waits for the feed."""
kept_s: Final = 2 * bounds.entry_ttl_s
"""As long as the feed keeps them: longer than any token that could name them."""
events_max: Final = 1_024
page_max: Final = 1_000


@dataclass(slots=True)
class _Feed:
    used_at_s: float
    read: bool = False
    last_id: str = "0"
    ended: dict[int, float] = field(default_factory=dict)
    """Number of the admission → when we learnt of its end; oldest first."""


class EndedSessions:
    """This process's knowledge of admissions that are over."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._feeds: dict[EventId, _Feed] = {}
        self._running = Beside()
        self._failing = False

    def start(self) -> None:
        """Begin to follow."""
        self._running.start(self._follow())

    async def stop(self) -> None:
        """End."""
        await self._running.stop()

    async def is_over(self, event_id: EventId, number: int) -> bool:
        """Whether this admission is known to be over; False too when nobody can tell."""
        now_s = time.monotonic()
        feed = self._feeds.get(event_id)
        if feed is None:
            while len(self._feeds) >= events_max:
                del self._feeds[next(iter(self._feeds))]
            feed = self._feeds[event_id] = _Feed(now_s)
        feed.used_at_s = now_s
        if not feed.read and not self._failing:
            await self._read(event_id, feed)
        return number in feed.ended

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(ask_every_s)
            now_s = time.monotonic()
            for event_id, feed in list(self._feeds.items()):
                if now_s - feed.used_at_s > kept_s:
                    self._feeds.pop(event_id, None)
                else:
                    await self._read(event_id, feed)

    async def _read(self, event_id: EventId, feed: _Feed) -> None:
        try:
            while await self._page(event_id, feed) == page_max:
                pass
        except RedisError as error:
            if not self._failing:
                _log.warning("no news of ended sessions, tokens run out by themselves: %s", error)
            self._failing = True
            return
        self._failing = False
        feed.read = True
        forget_before_s = time.monotonic() - kept_s
        while feed.ended and next(iter(feed.ended.values())) < forget_before_s:
            del feed.ended[next(iter(feed.ended))]

    async def _page(self, event_id: EventId, feed: _Feed) -> int:
        reply = await self._redis.execute(
            "XRANGE",
            keys.room(event_id).ended,
            f"({feed.last_id}",
            "+",
            "COUNT",
            page_max,
            timeout_ms=first_timeout_ms,
        )
        entries = array(reply)
        now_s = time.monotonic()
        for entry in entries:
            entry_id, fields = array(entry)
            feed.last_id = bulk(entry_id).decode()
            for number in bulks(fields)[1].split():
                feed.ended.setdefault(int(number), now_s)
        return len(entries)
