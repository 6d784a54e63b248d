"""When to ask again, and how long it takes: what somebody in line is told, as the scripts compute it.

Every formula stands in lua/queue/_polls.lua too, in the same order of operations, so that both give the
same number.
"""

from dataclasses import dataclass
from math import floor, sqrt
from typing import Final

from tiketi_core.kernel.ids import UserId

POLL_MS_MIN: Final = 500
POLL_MS_MAX: Final = 15_000
EARLY_MS_MIN: Final = 250
"""So much too early, or a tenth of the wait, is still in time."""
PACE_WINDOW_MS: Final = 10_000
PACE_SPAN_MS_MIN: Final = 1_000
PACE_MILLI_GUESS: Final = 10_000
SPREAD_MS: Final = 3_000
"""Over so long the polls after a draw are spread."""
LATE_QUANTILE: Final = 1.2816
"""Standard deviations from the middle to the ninth of ten, if admissions come at random."""
LATE_GRAIN_MS: Final = 1_000
"""Freed room is used within a second; a promise counts that in."""


def is_early(left_ms: int, ask_ms: int) -> bool:
    """Whether a poll that was due in `left_ms`, `ask_ms` after the one before, comes too early."""
    return left_ms > max(EARLY_MS_MIN, ask_ms // 10)


def next_poll_ms(position: int, pace_milli: int, *, grace_s: int) -> int:
    """When to ask again: after a quarter of the wait, and often enough to be seen within the grace.

    Without a pace, as if ten were admitted per second.
    """
    wait_ms = position * 1_000_000 // (pace_milli or PACE_MILLI_GUESS)
    return _within_grace(min(max(wait_ms // 4, POLL_MS_MIN), POLL_MS_MAX), grace_s)


def gathered_poll_ms(user_id: UserId, left_ms: int, *, grace_s: int) -> int:
    """When somebody who gathered asks again: shortly after the draw, spread by user."""
    spread_ms = int(str(user_id)[-4:]) * SPREAD_MS // 10_000
    ask_ms = min(POLL_MS_MAX, max(0, left_ms) + POLL_MS_MIN + spread_ms)
    return _within_grace(ask_ms, grace_s)


def _within_grace(ask_ms: int, grace_s: int) -> int:
    return min(ask_ms, max(POLL_MS_MIN, grace_s * 1000 * 2 // 5))


@dataclass(slots=True)
class Pace:
    """Admissions in this window of the clock and in the two before."""

    window: int = 0
    now: int = 0
    before: int = 0
    earlier: int = 0
    since_ms: int = 0

    def counts(self, now_ms: int) -> tuple[int, int, int]:
        """As they stand at a moment that is not before the last one counted."""
        ahead = now_ms // PACE_WINDOW_MS - self.window
        if ahead == 0:
            return self.now, self.before, self.earlier
        if ahead == 1:
            return 0, self.now, self.before
        return (0, 0, self.now) if ahead == 2 else (0, 0, 0)

    def count(self, now_ms: int, count: int) -> None:
        """So many were admitted."""
        now, before, earlier = self.counts(now_ms)
        if now == before == 0:
            self.since_ms = now_ms
        self.window = now_ms // PACE_WINDOW_MS
        self.now, self.before, self.earlier = now + count, before, earlier

    def milli(self, now_ms: int) -> int:
        """Admissions per 1,000 seconds, over a sliding window; 0: none lately."""
        now, before, _ = self.counts(now_ms)
        rest_ms = PACE_WINDOW_MS - now_ms % PACE_WINDOW_MS
        weighted = now * PACE_WINDOW_MS + before * rest_ms
        span_ms = min(PACE_WINDOW_MS, max(PACE_SPAN_MS_MIN, now_ms - self.since_ms))
        return weighted * 1_000_000 // (PACE_WINDOW_MS * span_ms)

    def allowed_milli(self, now_ms: int, rate_milli: int) -> int:
        """The pace as far as it can last: what came at once, out of a full bucket, does not."""
        return min(self.milli(now_ms), rate_milli)

    def low_milli(self, pace: int, now_ms: int) -> float:
        """The slowest of `pace`, less what chance adds to so few, and of the whole windows before, but no
        less than a quarter of it.
        """
        now, before, earlier = self.counts(now_ms)
        low = pace * (1 - LATE_QUANTILE / sqrt(max(1, now + before)))
        start_ms = now_ms // PACE_WINDOW_MS * PACE_WINDOW_MS
        if self.since_ms <= start_ms - PACE_WINDOW_MS:
            low = min(low, before * 1_000_000 / PACE_WINDOW_MS)
        if self.since_ms <= start_ms - 2 * PACE_WINDOW_MS:
            low = min(low, earlier * 1_000_000 / PACE_WINDOW_MS)
        return max(low, pace / 4)

    def eta_ms(self, position: int, now_ms: int, *, rate_milli: int) -> tuple[int, int]:
        """Half of all waits like this one are over by the first, nine of ten by the second; -1, -1: no pace.

        `rate_milli`: how many per 1,000 seconds the policy lets in at the most.
        """
        pace = self.allowed_milli(now_ms, rate_milli)
        if pace == 0:
            return -1, -1
        late = (position + LATE_QUANTILE * sqrt(position) + 1) * 1_000_000
        early_ms = position * 1_000_000 // pace
        return early_ms, floor(late / self.low_milli(pace, now_ms)) + LATE_GRAIN_MS
