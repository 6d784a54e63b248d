"""Whether and when to try again, by rule and chance alone; it neither sleeps nor sends."""

from dataclasses import dataclass

from tiketi_sdk.errors import (
    ApiError,
    InternalServerError,
    InvalidAnswerError,
    TiketiError,
    TransportError,
)

TRANSIENT_CODES = frozenset(
    {
        "rate_limited",
        "unavailable",
        "queue_unavailable",
        "gateway_unavailable",
        "idempotency_in_flight",
    }
)
"""Problems that pass by themselves. `waiting_room_full` is not one: that crowd is no accident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Exponential backoff with full jitter, bounded in count and in time."""

    retries_max: int = 3
    """How often after the first attempt; 0 never tries again."""
    backoff_s: float = 0.2
    """The ceiling of the first wait; it doubles with each further one."""
    backoff_s_max: float = 5.0
    retry_after_s_max: float = 60.0
    """A longer Retry-After is not waited out: the error is raised at once."""


NONE = RetryPolicy(retries_max=0)
"""One attempt: for whoever comes again by himself."""

OUTAGE_S_MAX = 300.0
"""How long who waits in a line puts up with a platform that does not answer."""


@dataclass(slots=True)
class Outage:
    """How long somebody who waits has had no answer, and when to ask again."""

    began_s: float | None = None
    misses_count: int = 0

    def wait_s(self, error: TiketiError, *, now_s: float, chance: float) -> float | None:
        """Seconds until the next question, from one to about fifteen; None where the error will not pass."""
        if isinstance(error, InvalidAnswerError) or not _passes(error, repeatable=True):
            return None
        if self.began_s is None:
            self.began_s = now_s
        if now_s - self.began_s > OUTAGE_S_MAX:
            return None
        self.misses_count += 1
        ceiling_s: float = min(15.0, 2.0**self.misses_count)
        asked_s = error.retry_after_s if isinstance(error, ApiError) else None
        return max(ceiling_s * (1 + chance) / 2, min(asked_s or 0.0, 15.0))

    def over(self) -> None:
        """There was an answer."""
        self.began_s, self.misses_count = None, 0


def wait_s(
    policy: RetryPolicy,
    error: TiketiError,
    *,
    attempt_count: int,
    repeatable: bool,
    chance: float,
) -> float | None:
    """Seconds to wait before the next attempt, or None to give up.

    `attempt_count` attempts were made so far (from 1). `repeatable` says that doing it twice does what
    doing it once does: a safe method or an idempotency key. Without that, only an attempt of which
    nothing was sent may be repeated. `chance` is a random number in [0, 1).
    """
    if attempt_count > policy.retries_max or not _passes(error, repeatable=repeatable):
        return None
    ceiling_s = min(policy.backoff_s * 2.0 ** (attempt_count - 1), policy.backoff_s_max)
    asked_s = error.retry_after_s if isinstance(error, ApiError) else None
    if asked_s is None:
        return ceiling_s * chance
    if asked_s > policy.retry_after_s_max:
        return None
    return asked_s + ceiling_s * chance


def _passes(error: TiketiError, *, repeatable: bool) -> bool:
    if isinstance(error, TransportError):
        return repeatable or not error.sent
    if not isinstance(error, ApiError) or not repeatable:
        return False
    return error.code in TRANSIENT_CODES or isinstance(error, InternalServerError)
