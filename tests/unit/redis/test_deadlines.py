"""When a command to Redis is given up: on a clock of the test's own, so that no machine is too slow for it."""

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from tiketi_platform.adapters.redis.connection import Connection, Limits
from tiketi_platform.adapters.redis.errors import RedisTimeout

TIMEOUT_S, SILENCE_S = 1.0, 3.0


class _Timer:
    def __init__(self) -> None:
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class _Loop:
    """The little of an event loop that a connection asks for; time passes when the test says so."""

    def __init__(self) -> None:
        self._now_s = 100.0
        self._numbers = count()
        self._timers: list[tuple[float, int, _Timer, Callable[..., object], tuple[Any, ...]]] = []
        self._real = asyncio.get_running_loop()

    def time(self) -> float:
        return self._now_s

    def create_future(self) -> "asyncio.Future[Any]":
        return self._real.create_future()

    def call_soon(self, work: Callable[..., object], *args: Any) -> _Timer:
        return self.call_at(self._now_s, work, *args)

    def call_later(self, delay_s: float, work: Callable[..., object], *args: Any) -> _Timer:
        return self.call_at(self._now_s + delay_s, work, *args)

    def call_at(self, when_s: float, work: Callable[..., object], *args: Any) -> _Timer:
        timer = _Timer()
        heapq.heappush(self._timers, (when_s, next(self._numbers), timer, work, args))
        return timer

    def pass_time(self, seconds: float) -> None:
        until_s = self._now_s + seconds
        while self._timers and self._timers[0][0] <= until_s:
            when_s, _, timer, work, args = heapq.heappop(self._timers)
            self._now_s = max(self._now_s, when_s)
            if not timer.is_cancelled:
                work(*args)
        self._now_s = until_s

    def be_busy(self, seconds: float) -> None:
        """Time passes, and no timer runs: somebody else has the loop."""
        self._now_s += seconds


class _Opened:
    """A connection that was greeted, with somebody to be silent at its other end."""

    def __init__(self) -> None:
        self.loop = _Loop()
        limits = Limits(
            timeout_ms=int(TIMEOUT_S * 1000),
            silence_ms=int(SILENCE_S * 1000),
            connect_timeout_ms=1_000,
            in_flight_max=100,
            outgoing_bytes_max=1_000,
        )
        loop: Any = self.loop
        self.connection = Connection(loop, limits)
        self.connection._ready = True

    def send(self) -> "asyncio.Future[Any]":
        future = self.connection.send(("PING",))
        self.loop.pass_time(0)
        return future

    def hear(self) -> None:
        self.connection.data_received(b"+PONG\r\n")


@pytest.fixture
async def opened() -> _Opened:
    return _Opened()


def _failed(future: "asyncio.Future[Any]") -> bool:
    return future.done() and isinstance(future.exception(), RedisTimeout)


async def test_silence_ends_a_command_after_its_timeout(opened):
    command = opened.send()
    opened.loop.pass_time(TIMEOUT_S * 0.99)
    assert not command.done()
    opened.loop.pass_time(TIMEOUT_S * 0.02)
    assert _failed(command)


async def test_in_a_line_that_moves_a_command_waits_longer(opened):
    ahead, behind = [opened.send() for _ in range(4)], opened.send()
    for _ in ahead:
        opened.loop.pass_time(TIMEOUT_S * 0.6)
        opened.hear()
    assert not behind.done()
    assert all(command.done() and not _failed(command) for command in ahead)
    opened.hear()
    assert not _failed(behind)


async def test_but_never_longer_than_silence_may_last(opened):
    ahead, behind = [opened.send() for _ in range(6)], opened.send()
    for _ in ahead:
        opened.loop.pass_time(TIMEOUT_S * 0.6)
        opened.hear()
    assert _failed(behind)


async def test_a_line_that_stops_moving_is_given_up_after_the_timeout(opened):
    ahead, behind = opened.send(), opened.send()
    opened.loop.pass_time(TIMEOUT_S * 0.9)
    opened.hear()
    assert ahead.done()
    opened.loop.pass_time(TIMEOUT_S * 0.9)
    assert not behind.done()
    opened.loop.pass_time(TIMEOUT_S * 0.2)
    assert _failed(behind)


async def test_what_arrived_while_the_loop_was_busy_is_read_before_anybody_is_given_up(opened):
    command = opened.send()
    opened.loop.be_busy(TIMEOUT_S * 2)
    opened.loop.pass_time(0)  # its timer is due, and the reply lies in the socket
    assert not command.done()
    opened.hear()
    opened.loop.pass_time(TIMEOUT_S)
    assert not _failed(command)
