"""Work beside the requests ends when it is told to, whether it runs, has ended or never began."""

from __future__ import annotations

import asyncio

import pytest

from tiketi_platform.framework.beside import Beside


async def test_it_runs_until_it_is_stopped_and_may_begin_again():
    beside = Beside()
    ends: list[str] = []
    began = asyncio.Event()

    async def work():
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ends.append("ended")

    for times in (1, 2):
        beside.start(work())
        await began.wait()
        began.clear()
        was_started = beside.is_started
        await beside.stop()
        assert (was_started, beside.is_started, len(ends)) == (True, False, times)


async def test_stopping_what_never_began_or_failed_is_nothing():
    beside = Beside()
    await beside.stop()

    async def fails():
        raise ValueError

    beside.start(fails())
    await asyncio.sleep(0)
    await beside.stop()


async def test_two_at_once_are_a_mistake():
    beside = Beside()
    beside.start(asyncio.sleep(60))
    second = asyncio.sleep(60)
    with pytest.raises(AssertionError):
        beside.start(second)
    second.close()
    await beside.stop()
