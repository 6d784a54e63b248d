"""Waits for a condition that another process makes true, with a deadline and no fixed sleep.

Deadlines are guards against hanging and say nothing about speed: a busy machine may take long.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE_S = 60.0
"""How long a test waits for what must come; far more than a machine under load needs."""
_POLL_S = 0.01


async def eventually(condition: Callable[[], bool], *, timeout_s: float = PATIENCE_S) -> None:
    """Return once `condition` holds; fails the test when it does not in time."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < timeout_s, "the condition did not come true in time"
        await asyncio.sleep(_POLL_S)


async def until(ask: Callable[[], Awaitable[T | None]], *, timeout_s: float = PATIENCE_S) -> T:
    """What `ask` answered first that is true; fails the test when nothing is in time."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = await ask()
        if answer:
            return answer
        assert time.monotonic() < deadline, "the answer did not come in time"
        await asyncio.sleep(_POLL_S)
