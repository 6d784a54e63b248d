"""The waiting room's rules, exactly as the store applies them: the reference it is proven against.

One `ReferenceRoom` is one event's room as plain data. It is driven beside the Lua scripts by the same
moves and must give the same answers; it is also the engine of simulations. It reads no clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from tiketi_core.kernel.ids import EventId, UserId
from tiketi_core.queue import polls as polls_module
from tiketi_core.queue.draw import DrawSecrets, draw
from tiketi_core.queue.errors import LineFormedError, QueueUnavailableError
from tiketi_core.queue.model import (
    Admitted,
    Gathered,
    LogKind,
    LogLine,
    Phase,
    Placement,
    Policy,
    PolicyChange,
    Pumped,
    Refusal,
    RoomState,
    Tally,
    TooEarly,
    Waiting,
    Was,
)
from tiketi_core.queue.polls import Pace

ENTER_WINDOW_MS: Final = 10_000
DRAWING_RETRY_S: Final = 1.0
"""A draw takes less; who asked to leave meanwhile asks again."""
_CHANGEABLE: Final = (
    "capacity",
    "admit_per_second",
    "session_ttl_s",
    "waiting_max",
    "grace_s",
    "state",
)


@dataclass(slots=True)
class _Session:
    number: int
    since_ms: int
    ends_ms: int


@dataclass(slots=True)
class _Seen:
    """The last sign of life, how long after it the next poll is due, and the moment promised (0: none)."""

    at_ms: int = 0
    ask_ms: int = 0
    promised_ms: int = 0


@dataclass(slots=True)
class ReferenceRoom:
    """One event's waiting room; every method takes the caller's clock."""

    opened_at_ms: int
    policy: Policy = field(default_factory=Policy)
    batch_max: int = 1_000
    """Sessions reaped, and people in line looked at, by one call."""
    enters_max: int = 20
    """Times a user may enter again, be refused or leave, per window."""
    clock_ms: int = field(init=False)
    waiting: dict[UserId, int] = field(default_factory=dict)
    """User → number, in order of the numbers; 0 for those who gathered, until the draw."""
    seen: dict[UserId, _Seen] = field(default_factory=dict)
    sessions: dict[UserId, _Session] = field(default_factory=dict)
    bought: dict[UserId, int] = field(default_factory=dict)
    lines: list[LogLine] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    """Numbers of the sessions that ended before their time."""
    number: int = 0
    gathered: int = 0
    front: int = 0
    inside_max: int = 0
    totals: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("admitted", "expired", "left", "gave_up", "skipped", "promises", "promises_kept"), 0
        )
    )
    _tokens: int = field(init=False)
    _tokens_at_ms: int = field(init=False)
    _pace: Pace = field(default_factory=Pace)
    _enters: dict[UserId, int] = field(default_factory=dict)
    _enters_window: int = 0
    _reaped: bool = False

    def __post_init__(self) -> None:
        self.clock_ms = self._tokens_at_ms = self.opened_at_ms
        self._pace.since_ms = self.opened_at_ms
        self._tokens = self.policy.admit_per_second * 1000
        self._log("policy", None, None, self.clock_ms)

    # --- moves ------------------------------------------------------------------------------

    def enter(
        self, users: Sequence[UserId], now_ms: int, *, only_gather: bool = False
    ) -> list[Placement | Refusal]:
        """Take users in, in this order; sessions that are over make room at most once per call."""
        now = self._now(now_ms)
        self._reaped = False
        return [self._enter(user, now, only_gather=only_gather) for user in users]

    def status(
        self, user: UserId, now_ms: int, *, polls: bool = True
    ) -> Placement | TooEarly | None:
        """Where the user stands, and a sign of life."""
        now = self._now(now_ms)
        if user in self.waiting:
            return self._place(user, now, polls=polls)
        return self._session_of(user, now)

    def leave(self, user: UserId, now_ms: int) -> Was:
        """Give up a place or a session, and fill what became free."""
        now = self._now(now_ms)
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
        if self.bought.get(user, 0) >= reservation_id:
            return False
        self.bought[user] = reservation_id
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
        )

    # --- how --------------------------------------------------------------------------------

    def _now(self, now_ms: int) -> int:
        now = max(now_ms, self.clock_ms)
        self._end_gathering(now)
        return now

    def _end_gathering(self, now: int) -> None:
        if self.policy.phase is Phase.GATHERING and now >= self.policy.opens_at_ms:
            self.gathered = self.number = len(self.waiting)
            self.clock_ms = now
            phase = Phase.DRAWING if self.gathered else Phase.DRAWN
            self.policy = replace(self.policy, phase=phase)

    def _is_drawn_now(self, user: UserId) -> bool:
        return self.policy.phase is Phase.DRAWING and self.waiting[user] == 0

    def _log(self, kind: LogKind, user: UserId | None, number: int | None, now: int) -> None:
        self.clock_ms = now
        line_id = str(len(self.lines))
        self.lines.append(LogLine(line_id, kind, user, number, self.policy.capacity, now))

    def _enter(self, user: UserId, now: int, *, only_gather: bool) -> Placement | Refusal:
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
        return self._newcomer(user, now, only_gather=only_gather)

    def _enters_of(self, user: UserId, now: int) -> int:
        same = self._enters_window == now // ENTER_WINDOW_MS
        return self._enters.get(user, 0) if same else 0

    def _count_enter(self, user: UserId, now: int) -> None:
        if self._enters_window != now // ENTER_WINDOW_MS:
            self._enters_window = now // ENTER_WINDOW_MS
            self._enters.clear()
        self._enters[user] = self._enters.get(user, 0) + 1

    def _session_of(self, user: UserId, now: int) -> Admitted | None:
        session = self.sessions.get(user)
        if session is not None and session.ends_ms <= now:
            self._end_session(user, "expired", now)
            session = None
        if session is None:
            return None
        return Admitted(session.number, session.ends_ms, len(self.waiting))

    def _place(self, user: UserId, now: int, *, polls: bool) -> Waiting | Gathered | TooEarly:
        seen = self.seen[user]
        left_ms = seen.at_ms + seen.ask_ms - now
        if polls and polls_module.is_early(left_ms, seen.ask_ms):
            seen.at_ms, seen.ask_ms = now, left_ms
            return TooEarly(left_ms)
        seen.at_ms = now
        count, grace_s = len(self.waiting), self.policy.grace_s
        if self.waiting[user] == 0:
            opens_at_ms = self.policy.opens_at_ms
            seen.ask_ms = polls_module.gathered_poll_ms(user, opens_at_ms - now, grace_s=grace_s)
            return Gathered(count, opens_at_ms, seen.ask_ms)
        number = self.waiting[user]
        position = 1 + sum(other < number for other in self.waiting.values())
        pace = self._pace.milli(now)
        seen.ask_ms = polls_module.next_poll_ms(position, pace, grace_s=grace_s)
        eta_ms, eta_late_ms = self._pace.eta_ms(position, now)
        if seen.promised_ms == 0 and eta_late_ms >= 0:
            seen.promised_ms = now + eta_late_ms
        return Waiting(number, position, count, pace, seen.ask_ms, eta_ms, eta_late_ms)

    def _refusal(self, now: int, *, only_gather: bool) -> Refusal | None:
        if self.policy.state is RoomState.CLOSED:
            return Refusal.CLOSED
        if only_gather and self.policy.phase is not Phase.GATHERING:
            return Refusal.NOT_GATHERING
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

    def _newcomer(self, user: UserId, now: int, *, only_gather: bool) -> Placement | Refusal:
        refusal = self._refusal(now, only_gather=only_gather)
        if refusal is not None:
            self._count_enter(user, now)
            return refusal
        self.seen[user] = _Seen()
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

    def _drop(self, user: UserId, kind: LogKind, now: int) -> None:
        number = self.waiting.pop(user)
        del self.seen[user]
        self.totals[kind] += 1
        self._log(kind, user, number or None, now)

    def _end_session(self, user: UserId, kind: LogKind, now: int) -> None:
        session = self.sessions.pop(user)
        if kind == "left":
            self.ended.append(session.number)
        self.totals[kind] += 1
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
            self.sessions[user] = _Session(number, now, ends_ms)
            self._log("admitted", user, number, now)
        self._tokens, self._tokens_at_ms = self._tokens_now(now) - len(people) * 1000, now
        self._pace.count(now, len(people))
        self.totals["admitted"] += len(people)
        self.inside_max = max(self.inside_max, len(self.sessions))

    def _admit(self, now: int) -> Pumped:
        reaped = self._reap(now)
        admitted = skipped = looked = 0
        quota = self._quota(now)
        while quota > 0 and looked < self.batch_max and self.waiting:
            head = list(self.waiting)[: min(quota, self.batch_max - looked)]
            present: list[tuple[UserId, int]] = []
            for user in head:
                number = self.waiting[user]
                self.front = number
                if now - self.seen[user].at_ms > self.policy.grace_s * 1000:
                    self._drop(user, "skipped", now)
                else:
                    present.append((user, number))
                    self._count_promise(user, now)
                    del self.waiting[user], self.seen[user]
            if present:
                self._begin_sessions(present, now)
            looked += len(head)
            admitted += len(present)
            skipped += len(head) - len(present)
            quota -= len(present)
        more = self.batch_max in {reaped, looked}
        drawing = self.policy.phase is Phase.DRAWING
        return Pumped(
            admitted, skipped, reaped, more, len(self.waiting), len(self.sessions), drawing
        )

    def _count_promise(self, user: UserId, now: int) -> None:
        promised_ms = self.seen[user].promised_ms
        self.totals["promises"] += promised_ms > 0
        self.totals["promises_kept"] += now <= promised_ms
