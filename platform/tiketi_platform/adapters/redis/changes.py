"""Tells every replica of a service what has changed, so that none remembers an answer for longer than it is true.

Asks Redis beside the requests, never in them. What this process changes it says after the change is
committed; a process that dies in between says nothing, so nothing may be remembered for long either.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final

from tiketi_platform.adapters.redis import keys
from tiketi_platform.adapters.redis.client import RedisClient
from tiketi_platform.adapters.redis.errors import RedisError
from tiketi_platform.adapters.redis.replies import array, bulk, bulks
from tiketi_platform.framework.beside import Beside

_log = logging.getLogger(__name__)

ask_every_s: Final = 0.1
"""How late another replica's change is known here at the most, Redis answering."""
timeout_ms: Final = 500
page_max: Final = 1_000
kept_max: Final = 10_000
"""Changes the feed keeps; a replica that was cut off for longer forgets everything instead."""
_FIELD: Final = "changed"


class ChangeFeed:
    """One service's feed of changes, as this process writes and follows it."""

    def __init__(
        self, redis: RedisClient, service: str, heard: Callable[[frozenset[str] | None], None]
    ) -> None:
        """`heard` is called with what has changed, our own changes included; None: perhaps anything."""
        self._redis = redis
        self._key = keys.changes(service)
        self._heard = heard
        self._last_id: str | None = None
        self._running = Beside()
        self._failing = False

    def start(self) -> None:
        """Begin to follow."""
        self._running.start(self._follow())

    async def stop(self) -> None:
        """End."""
        await self._running.stop()

    async def say(self, changed: Iterable[str]) -> None:
        """Tell everybody; without Redis nobody hears it, and answers end by their age."""
        words = " ".join(changed)
        if not words:
            return
        try:
            await self._redis.execute(
                "XADD",
                self._key,
                "MAXLEN",
                "~",
                kept_max,
                "*",
                _FIELD,
                words,
                timeout_ms=timeout_ms,
            )
        except RedisError as error:
            self._missed(error)

    async def _follow(self) -> None:
        while True:
            try:
                if self._last_id is None:
                    await self._begin()
                else:
                    await self._read(self._last_id)
                self._failing = False
            except RedisError as error:
                self._missed(error)
            await asyncio.sleep(ask_every_s)

    async def _begin(self) -> None:
        entries = array(
            await self._redis.execute(
                "XREVRANGE", self._key, "+", "-", "COUNT", 1, timeout_ms=timeout_ms
            )
        )
        self._last_id = bulk(array(entries[0])[0]).decode() if entries else "0"
        # What was remembered before we listened may have been changed before we listened.
        self._heard(None)

    async def _read(self, last_id: str) -> None:
        reply = await self._redis.execute(
            "XRANGE", self._key, f"({last_id}", "+", "COUNT", page_max, timeout_ms=timeout_ms
        )
        entries = array(reply)
        if not entries:
            return
        if len(entries) == page_max:
            self._last_id = None  # too much to follow: begin anew
            return
        changed: set[str] = set()
        for entry in entries:
            entry_id, content = array(entry)
            self._last_id = bulk(entry_id).decode()
            changed.update(bulks(content)[1].decode().split())
        self._heard(frozenset(changed))

    def _missed(self, error: RedisError) -> None:
        if not self._failing:
            _log.warning("no news of changes elsewhere, answers end by their age: %s", error)
        self._failing = True
        # It may have been restarted without its streams: ids there begin anew.
        self._last_id = None
