"""The waiting room's rules, exactly as the store applies them: the reference it is proven against.

One `ReferenceRoom` is one event's room as plain data. It is driven beside the Lua scripts by the same
moves and must give the same answers; it is also the engine of simulations. It reads no clock. Its parts
include each other as the scripts' fragments do: _room, _sessions, _line, _silence, _admissions,
_entrance.
"""

from dataclasses import replace
from typing import Final

from tiketi_core.kernel.ids import EventId, UserId
from tiketi_core.queue.draw import DrawSecrets, draw
from tiketi_core.queue.errors import LineFormedError, QueueUnavailableError
from tiketi_core.queue.model import (
    Phase,
    Placement,
    Policy,
    PolicyChange,
    Pumped,
    Tally,
    TooEarly,
    Was,
)
from tiketi_core.queue.rules._entrance import Entrance
from tiketi_core.queue.rules._room import DRAWING_RETRY_S, ENTER_WINDOW_MS

__all__ = ["ENTER_WINDOW_MS", "ReferenceRoom"]

_CHANGEABLE: Final = (
    "capacity",
    "admit_per_second",
    "session_ttl_s",
    "waiting_max",
    "grace_s",
    "state",
)


class ReferenceRoom(Entrance):
    """One event's waiting room; every method takes the caller's clock."""

    __slots__ = ()

    def status(
        self, user: UserId, now_ms: int, *, polls: bool = True
    ) -> Placement | TooEarly | None:
        """Where the user stands, and a sign of life."""
        now = self._now(now_ms)
        self._hear(now)
        if user in self.waiting:
            return self._place(user, now, polls=polls)
        return self._session_of(user, now)

    def leave(self, user: UserId, now_ms: int) -> Was:
        """Give up a place or a session, and fill what became free."""
        now = self._now(now_ms)
        self._hear(now)
        was = Was.ABSENT
        if user in self.waiting:
            if self._is_drawn_now(user):
                raise QueueUnavailableError(retry_after_s=DRAWING_RETRY_S)
            was = Was.WAITING
            self._drop(user, "gave_up", now)
        elif user in self.sessions:
            over = self.sessions[user].ends_ms <= now
            was = Was.ABSENT if over else Was.ADMITTED
            self._end_session(user, "expired" if over else "left", now)
        if was is not Was.ABSENT:
            self._count_enter(user, now)
        self._admit(now)
        return was

    def purchase(
        self, user: UserId, reservation_id: int, confirmed_at_ms: int, now_ms: int
    ) -> bool:
        """End the session a reservation was made in; whether there was one."""
        now = self._now(now_ms)
        if reservation_id in self.bought:
            return False
        self.bought.add(reservation_id)
        session = self.sessions.get(user)
        if session is None or session.ends_ms <= now or session.since_ms > confirmed_at_ms:
            return False
        self._end_session(user, "left", now)
        self._admit(now)
        return True

    def admit(self, now_ms: int) -> Pumped:
        """One round of a pump."""
        return self._admit(self._now(now_ms))

    def set_policy(self, change: PolicyChange, now_ms: int) -> Policy:
        """Change the policy; what the old rate earned stays, up to a second's worth of the new."""
        now = self._now(now_ms)
        moves = change.opens_at_ms not in {None, self.policy.opens_at_ms}
        if moves and (self.policy.phase >= Phase.DRAWING or self.number > 0):
            raise LineFormedError(field="opens_at")
        values = {
            name: value for name in _CHANGEABLE if (value := getattr(change, name)) is not None
        }
        policy = replace(self.policy, **values)
        if moves and change.opens_at_ms is not None:
            policy = replace(policy, opens_at_ms=change.opens_at_ms, phase=Phase.GATHERING)
        if policy != self.policy:
            self._tokens, self._tokens_at_ms = self._tokens_now(now), now
            self.policy = policy
            self._end_gathering(now)
            self._tokens = self._tokens_now(now)
            self._log("policy", None, None, now)
            self._admit(now)
        return self.policy

    def draw(self, secrets: DrawSecrets, event_id: EventId, now_ms: int) -> bool:
        """Hold the draw that is due; whether there was one."""
        now = self._now(now_ms)
        if self.policy.phase is not Phase.DRAWING:
            return False
        self.policy = replace(self.policy, phase=Phase.DRAWN)
        self.clock_ms = now
        late = {user: number for user, number in self.waiting.items() if number}
        users = [user for user, number in self.waiting.items() if not number]
        self.waiting = {}
        for number, (user, _) in enumerate(draw(secrets, event_id, users), 1):
            self.waiting[user] = number
            self._log("entered", user, number, now)
        self.waiting |= late
        self._admit(now)
        return True

    def tally(self, now_ms: int) -> Tally:
        """Count."""
        now = self._now(now_ms)
        return Tally(
            policy=self.policy,
            waiting_count=len(self.waiting),
            inside_count=sum(session.ends_ms > now for session in self.sessions.values()),
            entered_total=self.number,
            **{f"{name}_total": count for name, count in self.totals.items()},
            inside_max=self.inside_max,
            pace_milli=self._pace.milli(now),
            front=self.front,
            log_truncated=False,
            hushed=self._is_hushed(now),
            ends_milli=self._ends.milli(now),
        )
