"""What must hold after every move of the state machine; it makes no moves of its own but to look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, invariant

from tests.property.queue.engine import Engine
from tests.property.queue.recount import recount
from tiketi_core.kernel.ids import EventId
from tiketi_core.queue.model import Phase
from tiketi_core.queue.rules import ReferenceRoom
from tiketi_platform.adapters.redis import keys
from tiketi_platform.adapters.redis.waiting_room import RedisRoom

EVENT = EventId(42)


class AlwaysTrue(RuleBasedStateMachine):
    model: ReferenceRoom
    now_ms: int
    after: str | None
    read: int
    do: Callable[..., Any]
    engine: Engine
    rooms: list[RedisRoom]
    status: Callable[..., Any]

    @invariant()
    def same_counts(self):
        if hasattr(self, "model"):
            tally = self.do(self.rooms[1].tally(EVENT, now_ms=self.now_ms))
            assert tally == self.model.tally(self.now_ms)

    @invariant()
    def log_tells_the_same_story(self):
        if not hasattr(self, "model"):
            return
        lines = []
        while page := self.do(self.rooms[0].log(EVENT, after=self.after, limit=3)):
            lines += page
            for line in page:
                this = tuple(map(int, line.id.split("-")))
                assert self.after is None or this > tuple(map(int, self.after.split("-")))
                self.after = line.id
        expected = [replace(line, id="") for line in self.model.lines[self.read :]]
        assert [replace(line, id="") for line in lines] == expected
        self.read = len(self.model.lines)

    @invariant()
    def feed_tells_which_sessions_ended_early(self):
        if hasattr(self, "model"):
            entries = self.do(
                self.engine.clients[0].execute("XRANGE", keys.room(EVENT).ended, "-", "+")
            )
            numbers = [int(n) for _, (_, text) in entries for n in text.split()]
            assert numbers == self.model.ended[len(self.model.ended) - len(numbers) :]

    @invariant()
    def nobody_sees_half_a_draw(self):
        if not hasattr(self, "model") or self.model.policy.phase is not Phase.DRAWING:
            return
        assert self.do(self.rooms[0].receipt(EVENT, first=1, limit=9)) is None
        for user, number in self.model.waiting.items():
            if number == 0:
                self.status(0, user, polls=False)

    @invariant()
    def recount(self):
        if hasattr(self, "model"):
            recount(self.model)
