"""Remembers encoded answers for a moment, so that a crowd asking the same costs one query; never longer.

An answer is forgotten after `FRESH_MS`, when something it says changes by itself, and when this process
changes something. Another replica's change is seen after `FRESH_MS` at the latest.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Final

from tiketi_core.kernel.clock import Clock

FRESH_MS: Final = 500
ANSWERS_MAX: Final = 2_000
"""Answers remembered; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Read:
    """An answer, and until when it is right by itself."""

    body: bytes
    right_until_ms: int | None
    """None: until something is changed."""


class Reads:
    """Answers by what was asked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[Hashable, tuple[bytes, int]] = {}
        """Answers, each with the moment from which on it must be asked for again."""
        self._loading: dict[Hashable, asyncio.Task[bytes]] = {}

    async def get(self, question: Hashable, load: Callable[[int], Awaitable[Read]]) -> bytes:
        """The answer known, or the one `load` gives for now (in ms); whoever asks meanwhile waits for it.

        Raises what `load` raises, which is not remembered.
        """
        known = self._known.get(question)
        now_ms = self._clock.now_ms()
        if known is not None and now_ms < known[1]:
            return known[0]
        loading = self._loading.get(question)
        if loading is None:
            loading = asyncio.create_task(self._load(question, load, now_ms))
            self._loading[question] = loading
            loading.add_done_callback(lambda done: self._loaded(question, done))
        # One who gives up must not take the answer from the others.
        return await asyncio.shield(loading)

    def forget(self) -> None:
        """Something has changed: what is known, and what is being loaded, may be wrong."""
        self._known.clear()
        self._loading.clear()

    async def _load(
        self, question: Hashable, load: Callable[[int], Awaitable[Read]], now_ms: int
    ) -> bytes:
        this = asyncio.current_task()
        read = await load(now_ms)
        if self._loading.get(question) is this:
            self._remember(question, read, now_ms + FRESH_MS)
        return read.body

    def _remember(self, question: Hashable, read: Read, fresh_until_ms: int) -> None:
        until_ms = min(fresh_until_ms, read.right_until_ms or fresh_until_ms)
        self._known.pop(question, None)
        while len(self._known) >= ANSWERS_MAX:
            del self._known[next(iter(self._known))]
        self._known[question] = (read.body, until_ms)

    def _loaded(self, question: Hashable, done: "asyncio.Task[bytes]") -> None:
        if self._loading.get(question) is done:
            del self._loading[question]
        if not done.cancelled():
            # Everybody who asked may have given up; the error was theirs and needs no other reader.
            done.exception()
