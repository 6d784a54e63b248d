"""The waiting room's rules, exactly as the store applies them: the reference it is proven against.

One `ReferenceRoom` is one event's room as plain data. It is driven beside the Lua scripts by the same
moves and must give the same answers; it is also the engine of simulations. It reads no clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from tiketi_core.kernel.ids import UserId
from tiketi_core.queue.model import (
    Admitted,
    LogKind,
    LogLine,
    Placement,
    Policy,
    PolicyChange,
    Pumped,
    Refusal,
    RoomState,
    Tally,
    Waiting,
    Was,
)

POLL_MS_MIN: Final = 500
POLL_MS_MAX: Final = 15_000
PACE_WINDOW_MS: Final = 10_000
PACE_SPAN_MS_MIN: Final = 1_000
PACE_MILLI_GUESS: Final = 10_000


def eta_s(position: int, pace_milli: int) -> float | None:
    """Seconds until `position` is reached at the pace measured; None while there is no pace."""
    return None if pace_milli == 0 else round(position * 1000 / pace_milli, 1)


def next_poll_ms(position: int, pace_milli: int, *, grace_s: int) -> int:
    """When to ask again: after a tenth of the wait, and often enough to be seen within the grace.

    Without a pace, as if ten were admitted per second.
    """
    wait_ms = position * 1_000_000 // (pace_milli or PACE_MILLI_GUESS)
    ask_ms = min(max(wait_ms // 10, POLL_MS_MIN), POLL_MS_MAX)
    return min(ask_ms, max(POLL_MS_MIN, grace_s * 1000 // 2))


@dataclass(slots=True)
class _Session:
    number: int
    since_ms: int
    ends_ms: int


@dataclass(slots=True)
class _Pace:
    """Admissions in this window of the clock and in the one before."""

    window: int = 0
    now: int = 0
    before: int = 0
    since_ms: int = 0

    def counts(self, now_ms: int) -> tuple[int, int]:
        ahead = now_ms // PACE_WINDOW_MS - self.window
        if ahead == 0:
            return self.now, self.before
        return (0, self.now) if ahead == 1 else (0, 0)

    def count(self, now_ms: int, count: int) -> None:
        now, before = self.counts(now_ms)
        if now == before == 0:
            self.since_ms = now_ms
        self.window, self.now, self.before = now_ms // PACE_WINDOW_MS, now + count, before

    def milli(self, now_ms: int) -> int:
        now, before = self.counts(now_ms)
        rest_ms = PACE_WINDOW_MS - now_ms % PACE_WINDOW_MS
        weighted = now * PACE_WINDOW_MS + before * rest_ms
        span_ms = min(PACE_WINDOW_MS, max(PACE_SPAN_MS_MIN, now_ms - self.since_ms))
        return weighted * 1_000_000 // (PACE_WINDOW_MS * span_ms)


@dataclass(slots=True)
class ReferenceRoom:
    """One event's waiting room; every method takes the caller's clock."""

    opened_at_ms: int
    policy: Policy = field(default_factory=Policy)
    batch_max: int = 1_000
    """Sessions reaped, and people in line looked at, by one call."""
    clock_ms: int = field(init=False)
    waiting: dict[UserId, int] = field(default_factory=dict)
    """User → number; in order of the numbers, because numbers only grow."""
    seen_ms: dict[UserId, int] = field(default_factory=dict)
    sessions: dict[UserId, _Session] = field(default_factory=dict)
    bought: dict[UserId, int] = field(default_factory=dict)
    lines: list[LogLine] = field(default_factory=list)
    number: int = 0
    front: int = 0
    inside_max: int = 0
    totals: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("admitted", "expired", "left", "gave_up", "skipped"), 0
        )
    )
    _tokens: int = field(init=False)
    _tokens_at_ms: int = field(init=False)
    _pace: _Pace = field(default_factory=_Pace)

    def __post_init__(self) -> None:
        self.clock_ms = self._tokens_at_ms = self.opened_at_ms
        self._pace.since_ms = self.opened_at_ms
        self._tokens = self.policy.admit_per_second * 1000
        self._log("policy", None, None, self.clock_ms)

    # --- moves ------------------------------------------------------------------------------

    def enter(self, users: Sequence[UserId], now_ms: int) -> list[Placement | Refusal]:
        """Take users in, in this order; sessions that are over make room at most once per call."""
        now = self._now(now_ms)
        reaped = False
        answers: list[Placement | Refusal] = []
        for user in users:
            standing: Placement | Refusal | None = self._standing(user, now)
            if standing is None:
                if self.policy.state is not RoomState.CLOSED and not self.waiting and not reaped:
                    self._reap(now)
                    reaped = True
                standing = self._newcomer(user, now)
            answers.append(standing)
        return answers

    def status(self, user: UserId, now_ms: int) -> Placement | None:
        """Where the user stands, and a sign of life."""
        return self._standing(user, self._now(now_ms))

    def leave(self, user: UserId, now_ms: int) -> Was:
        """Give up a place or a session, and fill what became free."""
        now = self._now(now_ms)
        was = Was.ABSENT
        if user in self.waiting:
            was = Was.WAITING
            self._drop(user, "gave_up", now)
        elif user in self.sessions:
            over = self.sessions[user].ends_ms <= now
            was = Was.ABSENT if over else Was.ADMITTED
            self._end_session(user, "expired" if over else "left", now)
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
        values = {
            name: value
            for name in Policy.__dataclass_fields__
            if (value := getattr(change, name)) is not None
        }
        policy = replace(self.policy, **values)
        if policy != self.policy:
            self._tokens, self._tokens_at_ms = self._tokens_now(now), now
            self.policy = policy
            self._tokens = self._tokens_now(now)
            self._log("policy", None, None, now)
            self._admit(now)
        return policy

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
        return max(now_ms, self.clock_ms)

    def _log(self, kind: LogKind, user: UserId | None, number: int | None, now: int) -> None:
        same_ms = bool(self.lines) and self.lines[-1].at_ms == now
        sequence = int(self.lines[-1].id.partition("-")[2]) + 1 if same_ms else 0
        self.clock_ms = now
        line = LogLine(f"{now}-{sequence}", kind, user, number, self.policy.capacity, now)
        self.lines.append(line)

    def _standing(self, user: UserId, now: int) -> Placement | None:
        if user in self.waiting:
            self.seen_ms[user] = now
            position = 1 + sum(number < self.waiting[user] for number in self.waiting.values())
            return self._waiting(user, position, now)
        session = self.sessions.get(user)
        if session is not None and session.ends_ms <= now:
            self._end_session(user, "expired", now)
            session = None
        if session is None:
            return None
        return Admitted(session.number, session.ends_ms, len(self.waiting))

    def _waiting(self, user: UserId, position: int, now: int) -> Waiting:
        pace = self._pace.milli(now)
        grace_s = self.policy.grace_s
        return Waiting(self.waiting[user], position, len(self.waiting), pace, grace_s)

    def _newcomer(self, user: UserId, now: int) -> Placement | Refusal:
        if self.policy.state is RoomState.CLOSED:
            return Refusal.CLOSED
        walks_in = not self.waiting and self._quota(now) > 0
        if not walks_in and len(self.waiting) >= self.policy.waiting_max:
            return Refusal.FULL
        self.number += 1
        self._log("entered", user, self.number, now)
        if walks_in:
            self.front = self.number
            self._begin_sessions([(user, self.number)], now)
            return Admitted(self.number, self.sessions[user].ends_ms, 0)
        self.waiting[user] = self.number
        self.seen_ms[user] = now
        return self._waiting(user, len(self.waiting), now)

    def _drop(self, user: UserId, kind: LogKind, now: int) -> None:
        number = self.waiting.pop(user)
        del self.seen_ms[user]
        self.totals[kind] += 1
        self._log(kind, user, number, now)

    def _end_session(self, user: UserId, kind: LogKind, now: int) -> None:
        session = self.sessions.pop(user)
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
                if now - self.seen_ms[user] > self.policy.grace_s * 1000:
                    self._drop(user, "skipped", now)
                else:
                    present.append((user, number))
                    del self.waiting[user], self.seen_ms[user]
            if present:
                self._begin_sessions(present, now)
            looked += len(head)
            admitted += len(present)
            skipped += len(head) - len(present)
            quota -= len(present)
        more = self.batch_max in {reaped, looked}
        return Pumped(admitted, skipped, reaped, more, len(self.waiting), len(self.sessions))
