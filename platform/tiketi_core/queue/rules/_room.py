"""One event's room as plain data: what every move reads and writes, its clock and its log.

Mirrors lua/queue/_room.lua. It moves nobody.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from tiketi_core.kernel.ids import UserId
from tiketi_core.queue.model import LogKind, LogLine, Phase, Policy
from tiketi_core.queue.polls import Pace

ENTER_WINDOW_MS: Final = 10_000
DRAWING_RETRY_S: Final = 1.0
"""A draw takes less; who asked to leave meanwhile asks again."""

BROKEN: Final = -1
"""In place of a promised moment: it passed, and was counted."""


@dataclass(slots=True)
class Session:
    """Somebody inside."""

    number: int
    since_ms: int
    ends_ms: int


@dataclass(slots=True)
class Seen:
    """The last sign of life, how long after it the next poll is due, and the moment promised (0: none, or BROKEN)."""

    at_ms: int = 0
    ask_ms: int = 0
    promised_ms: int = 0


@dataclass(slots=True)
class Room:
    """A room and its clock, which never runs backwards."""

    opened_at_ms: int
    policy: Policy = field(default_factory=Policy)
    batch_max: int = 1_000
    """Sessions reaped, and people in line looked at, by one call."""
    enters_max: int = 20
    """Times a user may enter again, be refused or leave, per window."""
    clock_ms: int = field(init=False)
    waiting: dict[UserId, int] = field(default_factory=dict)
    """User → number, in order of the numbers; 0 for those who gathered, until the draw."""
    seen: dict[UserId, Seen] = field(default_factory=dict)
    sessions: dict[UserId, Session] = field(default_factory=dict)
    bought: set[int] = field(default_factory=set)
    """Reservations whose confirmation was applied."""
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
    _ends: Pace = field(default_factory=Pace)
    """The pace at which sessions end: that of a room that is full."""
    _enters: dict[UserId, int] = field(default_factory=dict)
    _enters_window: int = 0
    _reaped: bool = False
    _served_at_ms: int = 0
    _resumed_at_ms: int = 0
    _heard_at_ms: int = 0

    def __post_init__(self) -> None:
        self.clock_ms = self._tokens_at_ms = self.opened_at_ms
        self._pace.since_ms = self.opened_at_ms
        self._tokens = self.policy.admit_per_second * 1000
        self._log("policy", None, None, self.clock_ms)

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
