"""Remembers encoded answers for a moment, so that a crowd asking the same costs one query; never longer.

An answer is forgotten after `FRESH_MS`, when something it says changes by itself, and as soon as
something changes it here or, by the feed of changes, in another replica.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Final

from tiketi_core.kernel.clock import Clock

FRESH_MS: Final = 500
"""How old an answer may be where nobody could tell us of a change."""
ANSWERS_MAX: Final = 2_000
"""Answers remembered; the oldest go first."""
BYTES_MAX: Final = 32 * 1024 * 1024
"""Of all their bodies together."""

Question = tuple[str, Hashable]
"""What it is about (`events`, `event:12`), as the feed of changes names it, and what exactly was asked."""


@dataclass(frozen=True, slots=True)
class Read:
    """An answer, and until when it is right by itself."""

    body: bytes
    right_until_ms: int | None
    """None: until something is changed."""
    etag: str = ""
    """Quoted; empty where nobody needs it."""


def tag(body: bytes, version: int | None = None) -> str:
    """An entity tag: other bytes, another tag; it begins with the version, where there is one."""
    digest = hashlib.blake2b(body, digest_size=8).hexdigest()
    return f'"{digest}"' if version is None else f'"{version}-{digest}"'


class Reads:
    """Answers by what was asked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[Question, tuple[Read, int]] = {}
        """Answers, each with the moment from which on it must be asked for again."""
        self._loading: dict[Question, asyncio.Task[Read]] = {}
        self._bytes_count = 0

    async def get(self, question: Question, load: Callable[[int], Awaitable[Read]]) -> Read:
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

    def forget(self, changed: frozenset[str] | None = None) -> None:
        """These things have changed, None for anything: what is known or being loaded of them may be wrong."""
        if changed is None:
            self._known.clear()
            self._loading.clear()
            self._bytes_count = 0
            return
        for question in [each for each in self._known if each[0] in changed]:
            self._drop(question)
        for question in [each for each in self._loading if each[0] in changed]:
            del self._loading[question]

    async def _load(
        self, question: Question, load: Callable[[int], Awaitable[Read]], now_ms: int
    ) -> Read:
        this = asyncio.current_task()
        read = await load(now_ms)
        if self._loading.get(question) is this:
            self._remember(question, read, now_ms + FRESH_MS)
        return read

    def _remember(self, question: Question, read: Read, fresh_until_ms: int) -> None:
        until_ms = min(fresh_until_ms, read.right_until_ms or fresh_until_ms)
        self._drop(question)
        self._bytes_count += len(read.body)
        now_ms = self._clock.now_ms()
        # The oldest come first, so nearly all that are over do.
        while self._known:
            oldest = next(iter(self._known))
            is_over = self._known[oldest][1] <= now_ms
            is_full = len(self._known) >= ANSWERS_MAX or self._bytes_count > BYTES_MAX
            if not (is_over or is_full):
                break
            self._drop(oldest)
        self._known[question] = (read, until_ms)

    def _drop(self, question: Question) -> None:
        known = self._known.pop(question, None)
        if known is not None:
            self._bytes_count -= len(known[0].body)

    def _loaded(self, question: Question, done: "asyncio.Task[Read]") -> None:
        if self._loading.get(question) is done:
            del self._loading[question]
        if not done.cancelled():
            # Everybody who asked may have given up; the error was theirs and needs no other reader.
            done.exception()
