"""Remembered answers: one load for a crowd, never older than allowed, never older than a change."""

import asyncio
from collections.abc import Hashable

import pytest

from tiketi_core.event.errors import EventNotFoundError
from tiketi_platform.services.event.reads import ANSWERS_MAX, BYTES_MAX, FRESH_MS, Read, Reads, tag


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

    async def ask(self, reads: Reads, question: Hashable) -> bytes:
        return (await reads.get(("events", question), self.load)).body

    async def load(self, _now_ms: int) -> Read:
        self.loads += 1
        body = str(self.loads).encode()
        await self.open.wait()
        return Read(body, self.right_until_ms)


async def test_an_answer_is_loaded_once_while_it_is_fresh():
    clock, source = Clock(), Source()
    reads = Reads(clock)
    source.open.clear()
    crowd = [asyncio.create_task(source.ask(reads, "a")) for _ in range(10)]
    await asyncio.sleep(0)
    source.open.set()
    assert await asyncio.gather(*crowd) == [b"1"] * 10
    clock.now += FRESH_MS - 1
    assert await source.ask(reads, "a") == b"1"
    clock.now += 1
    assert await source.ask(reads, "a") == b"2"
    assert await source.ask(reads, "b") == b"3"


async def test_an_answer_ends_where_it_stops_being_right():
    clock, source = Clock(), Source()
    reads = Reads(clock)
    source.right_until_ms = clock.now + 10
    assert await source.ask(reads, "a") == b"1"
    clock.now += 10
    assert await source.ask(reads, "a") == b"2"


async def test_what_was_being_loaded_when_something_changed_is_not_remembered():
    reads, source = Reads(Clock()), Source()
    source.open.clear()
    early = asyncio.create_task(source.ask(reads, "a"))
    await asyncio.sleep(0)
    reads.forget()
    late = asyncio.create_task(source.ask(reads, "a"))
    await asyncio.sleep(0)
    source.open.set()
    assert (await early, await late) == (b"1", b"2")
    assert await source.ask(reads, "a") == b"2"


async def test_one_who_gives_up_takes_nothing_from_the_others():
    reads, source = Reads(Clock()), Source()
    source.open.clear()
    first = asyncio.create_task(source.ask(reads, "a"))
    second = asyncio.create_task(source.ask(reads, "a"))
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
        *(reads.get(("events", "a"), fails) for _ in range(3)), return_exceptions=True
    )
    assert all(isinstance(answer, EventNotFoundError) for answer in answers)
    with pytest.raises(EventNotFoundError):
        await reads.get(("events", "a"), fails)


async def test_only_so_many_answers_are_remembered():
    reads, source = Reads(Clock()), Source()
    for question in range(ANSWERS_MAX + 1):
        await source.ask(reads, question)
    await source.ask(reads, ANSWERS_MAX)
    assert source.loads == ANSWERS_MAX + 1
    await source.ask(reads, 0)
    assert source.loads == ANSWERS_MAX + 2


async def test_the_answers_remembered_have_only_so_many_bytes():
    reads = Reads(Clock())
    loads: list[int] = []

    async def ask(number: int) -> None:
        async def load(_now_ms: int) -> Read:
            loads.append(number)
            return Read(bytes(BYTES_MAX // 4), None)

        await reads.get(("events", number), load)

    for number in range(5):
        await ask(number)
    await ask(1)
    assert loads == [0, 1, 2, 3, 4], "four fit"
    await ask(0)
    assert loads == [0, 1, 2, 3, 4, 0], "the oldest made room"
    reads.forget(frozenset({"events"}))
    for number in range(4):
        await ask(number)
    loads.clear()
    for number in range(4):
        await ask(number)
    assert loads == [], "what was forgotten takes no room"


async def test_only_what_a_change_is_about_is_forgotten():
    reads, source = Reads(Clock()), Source()
    one = await reads.get(("event:1", None), source.load)
    two = await reads.get(("event:2", None), source.load)
    reads.forget(frozenset({"events", "event:1"}))
    assert (await reads.get(("event:2", None), source.load)) is two
    assert (await reads.get(("event:1", None), source.load)) is not one
    reads.forget()
    assert (await reads.get(("event:2", None), source.load)) is not two


def test_other_bytes_have_another_tag_that_begins_with_the_version():
    assert tag(b"a", 7) != tag(b"b", 7)
    assert tag(b"a", 7).startswith('"7-')
    assert tag(b"a") == tag(b"a") != tag(b"b")
