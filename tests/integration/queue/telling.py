"""A crowd that is let in, and a bus that remembers what it was told of it."""

from __future__ import annotations

from collections.abc import Sequence

from tests.integration.queue.conftest import EVENT, NOW_MS
from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.ids import UserId
from tiketi_core.kernel.message import Message
from tiketi_core.queue.model import PolicyChange
from tiketi_platform.adapters.redis.admissions import AdmissionOutbox

LONG_LEASE_MS = 60_000
"""No machine is so slow that it runs out between two batches."""
USERS_COUNT = 1_200
WALKED_IN = 400
"""Let in one by one, so that the log has far more entries than are read at once."""


class Wire:
    """A bus that remembers, and refuses at first if it is told to."""

    def __init__(self, refusals_count: int = 0) -> None:
        self.messages: list[Message] = []
        self.listened = False
        self._refusals_count = refusals_count

    async def publish(self, service: str, messages: Sequence[Message]) -> None:
        assert self.listened, "nothing is said before the listeners' queues are there"
        assert service == "queue"
        if self._refusals_count > 0:
            self._refusals_count -= 1
            raise UnavailableError("not now")
        self.messages += messages

    async def trim(self, _service: str, groups: Sequence[str]) -> None:
        self.listened = tuple(groups) == ("notification",)


async def let_in(make_room, *, now_ms: int = NOW_MS) -> None:
    """A crowd: some walk in, some wait and give up, the rest is let in by the pump."""
    room = make_room(capacity=WALKED_IN, admit_per_second=100_000)
    walking = [UserId(n) for n in range(1, WALKED_IN + 1)]
    await room.enter(EVENT, walking, now_ms=now_ms)
    waiting = [UserId(n) for n in range(WALKED_IN + 1, USERS_COUNT + 1)]
    await room.enter(EVENT, [*waiting, UserId(9_999)], now_ms=now_ms)
    await room.leave(EVENT, UserId(9_999), now_ms=now_ms)
    await widen(room, now_ms)
    tally = await room.tally(EVENT, now_ms=now_ms)
    assert tally.admitted_total == USERS_COUNT


async def widen(room, now_ms: int) -> None:
    await room.set_policy(EVENT, PolicyChange(capacity=USERS_COUNT), now_ms=now_ms)
    while (await room.admit(EVENT, now_ms=now_ms)).waiting_count:
        pass


async def told_all(outbox: AdmissionOutbox) -> bool:
    return await outbox.count() == 0
