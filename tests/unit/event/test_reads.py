"""Remembered answers: one load for a crowd, never older than allowed, never older than a change."""

import asyncio

import pytest

from tiketi_core.event.errors import EventNotFoundError
from tiketi_platform.services.event.reads import ANSWERS_MAX, FRESH_MS, Read, Reads


class Clock:
    now = 1_000

    def now_ms(self) -> int:
        return self.now


class Source:
    def __init__(self) -> None:
        self.loads = 0
        self.right_until_ms: int | None = None
        self.open = asyncio.Event()
        self.open.set()

    async def load(self, _now_ms: int) -> Read:
        self.loads += 1
        body = str(self.loads).encode()
        await self.open.wait()
        return Read(body, self.right_until_ms)


async def test_an_answer_is_loaded_once_while_it_is_fresh():
    clock, source = Clock(), Source()
    reads = Reads(clock)
    source.open.clear()
    crowd = [asyncio.create_task(reads.get("a", source.load)) for _ in range(10)]
    await asyncio.sleep(0)
    source.open.set()
    assert await asyncio.gather(*crowd) == [b"1"] * 10
    clock.now += FRESH_MS - 1
    assert await reads.get("a", source.load) == b"1"
    clock.now += 1
    assert await reads.get("a", source.load) == b"2"
    assert await reads.get("b", source.load) == b"3"


async def test_an_answer_ends_where_it_stops_being_right():
    clock, source = Clock(), Source()
    reads = Reads(clock)
    source.right_until_ms = clock.now + 10
    assert await reads.get("a", source.load) == b"1"
    clock.now += 10
    assert await reads.get("a", source.load) == b"2"


async def test_what_was_being_loaded_when_something_changed_is_not_remembered():
    reads, source = Reads(Clock()), Source()
    source.open.clear()
    early = asyncio.create_task(reads.get("a", source.load))
    await asyncio.sleep(0)
    reads.forget()
    late = asyncio.create_task(reads.get("a", source.load))
    await asyncio.sleep(0)
    source.open.set()
    assert (await early, await late) == (b"1", b"2")
    assert await reads.get("a", source.load) == b"2"


async def test_one_who_gives_up_takes_nothing_from_the_others():
    reads, source = Reads(Clock()), Source()
    source.open.clear()
    first = asyncio.create_task(reads.get("a", source.load))
    second = asyncio.create_task(reads.get("a", source.load))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    source.open.set()
    assert await second == b"1"
    assert source.loads == 1


async def test_an_error_is_everybodys_and_is_not_remembered():
    reads = Reads(Clock())

    async def fails(_now_ms: int) -> Read:
        raise EventNotFoundError

    answers = await asyncio.gather(
        *(reads.get("a", fails) for _ in range(3)), return_exceptions=True
    )
    assert all(isinstance(answer, EventNotFoundError) for answer in answers)
    with pytest.raises(EventNotFoundError):
        await reads.get("a", fails)


async def test_only_so_many_answers_are_remembered():
    reads, source = Reads(Clock()), Source()
    for question in range(ANSWERS_MAX + 1):
        await reads.get(question, source.load)
    await reads.get(ANSWERS_MAX, source.load)
    assert source.loads == ANSWERS_MAX + 1
    await reads.get(0, source.load)
    assert source.loads == ANSWERS_MAX + 2
