"""One timer ends whatever takes too long, and nothing else."""

import asyncio

import pytest

from tiketi_platform.framework.deadlines import Deadlines


async def test_work_that_takes_too_long_is_ended_where_it_stands() -> None:
    deadlines = Deadlines(limit_s=0.0)
    undone = asyncio.Event()

    async def work() -> None:
        with deadlines:
            try:
                await asyncio.Event().wait()
            finally:
                undone.set()

    with pytest.raises(TimeoutError):
        await work()
    assert undone.is_set()
    assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]


async def test_work_in_time_is_left_alone() -> None:
    with Deadlines(limit_s=60.0):
        await asyncio.sleep(0)


async def test_a_cancellation_of_somebody_else_stays_one() -> None:
    deadlines = Deadlines(limit_s=60.0)
    started = asyncio.Event()

    async def work() -> None:
        with deadlines:
            started.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
