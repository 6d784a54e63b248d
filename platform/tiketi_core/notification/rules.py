"""What is told, to whom, when and how patiently: pure, so that every schedule can be tested without waiting."""

from dataclasses import dataclass
from typing import Final

from tiketi_core.kernel import bounds
from tiketi_core.notification.model import Category, ChannelName, Delivery


@dataclass(frozen=True, slots=True)
class Told:
    """How one kind of message is told."""

    reference: str | None
    """The field of the payload that says what it is about; None where the user is."""
    channels: tuple[ChannelName, ...] = ("email", "push")
    useful_ms: int | None = None
    """How long after it happened it is still worth telling; None for ever."""


TOLD: Final = {
    "user.registered": Told(None, ("email",)),
    "user.password_reset_requested": Told(None, ("email",), useful_ms=bounds.reset_ttl_s * 1000),
    "entry.admitted": Told("event_id", ("push", "email", "sms"), useful_ms=10 * 60 * 1000),
    "reservation.confirmed": Told("reservation_id", ("email", "push", "sms")),
    "reservation.cancelled": Told("reservation_id", ("email", "push", "sms")),
    "reservation.expired": Told("reservation_id"),
    "payment.completed": Told("payment_id"),
    "payment.refunded": Told("payment_id"),
    "points.charged": Told("payment_id"),
}
"""Messages people hear about."""

RETRY_MS_MIN: Final = 1_000
RETRY_MS_MAX: Final = 15 * 60 * 1000
DOWN_MS_MAX: Final = 60_000
"""The longest pause between two knocks at a provider that is down."""

DAY_MS: Final = 24 * 3600 * 1000
LIMITS_MAX: Final[dict[tuple[ChannelName, Category], int]] = {
    ("email", "transactional"): 500,
    ("email", "marketing"): 2,
    ("push", "transactional"): 500,
    ("push", "marketing"): 2,
    ("sms", "transactional"): 30,
    ("sms", "marketing"): 1,
}
"""What one user gets at most within `DAY_MS`; more than that waits, and nothing is dropped."""
LIMIT_WAIT_MS: Final = 3600 * 1000
"""How long what is over a limit waits before it is looked at again."""

QUIET_FROM_HOUR: Final = 21
QUIET_TO_HOUR: Final = 8
"""Korean law allows advertising from 08:00 to 21:00 Korea time only (Network Act, article 50)."""
_HOUR_MS: Final = 3600 * 1000
_KOREA_MS: Final = 9 * _HOUR_MS
"""Korea time is UTC+9 all year round."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Not now, and when to look again."""

    reason: str
    retry_after_ms: int


@dataclass(frozen=True, slots=True)
class Unwanted:
    """Never, and why."""

    reason: str


def held_back(delivery: Delivery, *, now_ms: int, batch_count: int) -> Waits | Unwanted | None:
    """Why a delivery is not to be sent at this moment; None when it is.

    `batch_count`: how many of the same user, channel and category go out before it in this batch.
    """
    notice, wishes = delivery.notice, delivery.wishes
    if delivery.is_stale:
        return Unwanted("it came too late to be worth telling")
    if not wishes.agrees:
        return Unwanted(f"the user takes no {notice.category} {delivery.channel}")
    if notice.category == "marketing":
        quiet_ms = quiet_for_ms(now_ms)
        if quiet_ms:
            return Waits("quiet hours", quiet_ms)
    if wishes.recent_count + batch_count >= LIMITS_MAX[delivery.channel, notice.category]:
        return Waits(f"the day's limit of {notice.category} {delivery.channel}", LIMIT_WAIT_MS)
    return None


def quiet_for_ms(now_ms: int) -> int:
    """How long advertising has to wait, 0 between 08:00 and 21:00 Korea time."""
    of_day_ms = (now_ms + _KOREA_MS) % DAY_MS
    from_ms, to_ms = QUIET_FROM_HOUR * _HOUR_MS, QUIET_TO_HOUR * _HOUR_MS
    if of_day_ms >= from_ms:
        return DAY_MS - of_day_ms + to_ms
    return max(0, to_ms - of_day_ms)


def retry_after_ms(attempt_count: int, jitter: float) -> int | None:
    """How long to wait after that many tries; None when it has been tried often enough.

    Doubles from 1 s to 15 min; `jitter` in [0, 1) takes away up to half of it.
    """
    if attempt_count >= bounds.delivery_attempts_max:
        return None
    step_ms = min(RETRY_MS_MIN * 2 ** (attempt_count - 1), RETRY_MS_MAX)
    return int(step_ms * (1 - jitter / 2))


def knock_after_ms(down_count: int, jitter: float) -> int:
    """How long to leave a provider alone that has been down for so many batches: 1 s, doubling to 1 min."""
    step_ms = min(RETRY_MS_MIN * 2 ** min(down_count - 1, 16), DOWN_MS_MAX)
    return int(step_ms * (1 - jitter / 2))
