"""Who is taken in, and who is refused. Mirrors lua/queue/enter.lua."""

from collections.abc import Sequence

from tiketi_core.kernel.ids import UserId
from tiketi_core.queue.model import Admitted, Phase, Placement, Refusal, RoomState, TooEarly
from tiketi_core.queue.rules._admissions import Admissions
from tiketi_core.queue.rules._room import Seen


class Entrance(Admissions):
    """A room that people enter."""

    __slots__ = ()

    def enter(
        self, users: Sequence[UserId], now_ms: int, *, before_sale: bool = False
    ) -> list[Placement | Refusal]:
        """Take users in, in this order; sessions that are over make room at most once per call."""
        now = self._now(now_ms)
        self._hear(now)
        self._reaped = False
        return [self._enter(user, now, before_sale=before_sale) for user in users]

    def _enter(self, user: UserId, now: int, *, before_sale: bool) -> Placement | Refusal:
        if self._enters_of(user, now) >= self.enters_max:
            return Refusal.TOO_OFTEN
        if user in self.waiting:
            self._count_enter(user, now)
            place = self._place(user, now, polls=False)
            assert not isinstance(place, TooEarly), "only a poll can be too early"
            return place
        admitted = self._session_of(user, now)
        if admitted is not None:
            self._count_enter(user, now)
            return admitted
        return self._newcomer(user, now, before_sale=before_sale)

    def _refusal(self, now: int, *, before_sale: bool) -> Refusal | None:
        if self.policy.state is RoomState.CLOSED:
            return Refusal.CLOSED
        if before_sale and self.policy.phase is Phase.UNDRAWN:
            return Refusal.BEFORE_SALE
        if not self._may_walk_in(now) and len(self.waiting) >= self.policy.waiting_max:
            return Refusal.FULL
        return None

    def _may_walk_in(self, now: int) -> bool:
        if self.waiting:
            return False
        if not self._reaped:
            self._reap(now)
            self._reaped = True
        return self._quota(now) > 0

    def _newcomer(self, user: UserId, now: int, *, before_sale: bool) -> Placement | Refusal:
        refusal = self._refusal(now, before_sale=before_sale)
        if refusal is not None:
            self._count_enter(user, now)
            return refusal
        self.seen[user] = Seen()
        if self.policy.phase is Phase.GATHERING:
            self._log("gathered", user, None, now)
            self.waiting[user] = 0
        else:
            walks_in = self._may_walk_in(now)
            self.number += 1
            self._log("entered", user, self.number, now)
            if walks_in:
                del self.seen[user]
                self.front = self.number
                self._begin_sessions([(user, self.number)], now)
                return Admitted(self.number, self.sessions[user].ends_ms, 0)
            self.waiting[user] = self.number
        place = self._place(user, now, polls=False)
        assert not isinstance(place, TooEarly), "only a poll can be too early"
        return place
