"""How sessions begin and end, and how many may begin now. Mirrors lua/queue/_sessions.lua."""

from collections.abc import Sequence

from tiketi_core.kernel.ids import UserId
from tiketi_core.queue.model import Admitted, LogKind, Phase, RoomState
from tiketi_core.queue.rules._room import Room, Session


class Sessions(Room):
    """A room whose inside is kept."""

    __slots__ = ()

    def _session_of(self, user: UserId, now: int) -> Admitted | None:
        session = self.sessions.get(user)
        if session is not None and session.ends_ms <= now:
            self._end_session(user, "expired", now)
            session = None
        if session is None:
            return None
        return Admitted(session.number, session.ends_ms, len(self.waiting))

    def _end_session(self, user: UserId, kind: LogKind, now: int) -> None:
        session = self.sessions.pop(user)
        if kind == "left":
            self.ended.append(session.number)
        self.totals[kind] += 1
        self._ends.count(now, 1)
        self._log(kind, user, session.number, now)

    def _reap(self, now: int) -> int:
        over = [user for user, session in self.sessions.items() if session.ends_ms <= now]
        over.sort(key=lambda user: (self.sessions[user].ends_ms, str(user)))
        for user in over[: self.batch_max]:
            self._end_session(user, "expired", now)
        return len(over[: self.batch_max])

    def _tokens_now(self, now: int) -> int:
        rate = self.policy.admit_per_second
        return min(rate * 1000, self._tokens + (now - self._tokens_at_ms) * rate)

    def _quota(self, now: int) -> int:
        if self.policy.state is not RoomState.OPEN:
            return 0
        if self.policy.phase in {Phase.GATHERING, Phase.DRAWING}:
            return 0
        free = self.policy.capacity - len(self.sessions)
        return max(0, min(free, self._tokens_now(now) // 1000))

    def _begin_sessions(self, people: Sequence[tuple[UserId, int]], now: int) -> None:
        ends_ms = now + self.policy.session_ttl_s * 1000
        for user, number in people:
            self.sessions[user] = Session(number, now, ends_ms)
            self._log("admitted", user, number, now)
        self._tokens, self._tokens_at_ms = self._tokens_now(now) - len(people) * 1000, now
        self._pace.count(now, len(people))
        self.totals["admitted"] += len(people)
        self.inside_max = max(self.inside_max, len(self.sessions))
