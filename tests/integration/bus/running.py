"""Runs what has `run` and `stop` for the length of a block, and waits for what must come true."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from tests.waiting import PATIENCE_S


class Runnable(Protocol):
    async def run(self) -> None: ...
    def stop(self) -> None: ...


@asynccontextmanager
async def running(*workers: Runnable) -> AsyncIterator[None]:
    """Graceful stop at the end; a worker that fails fails the block."""
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*tasks)


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait until the condition holds, at most `PATIENCE_S`."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            holds = condition()
            if (holds if isinstance(holds, bool) else await holds) is True:
                return
            await asyncio.sleep(0.005)
