"""Waits for a condition that another process makes true, with a deadline and no fixed sleep."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
_POLL_S = 0.01


async def eventually(condition: Callable[[], bool], *, timeout_s: float = 10.0) -> float:
    """Seconds until `condition` held; fails the test when it does not in time."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < timeout_s, "the condition did not come true in time"
        await asyncio.sleep(_POLL_S)
    return time.monotonic() - started


async def until(ask: Callable[[], Awaitable[T | None]], *, timeout_s: float = 10.0) -> T:
    """What `ask` answered first that is true; fails the test when nothing is in time."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = await ask()
        if answer:
            return answer
        assert time.monotonic() < deadline, "the answer did not come in time"
        await asyncio.sleep(_POLL_S)
