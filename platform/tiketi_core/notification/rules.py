"""What is told, and how patiently: pure, so that every schedule can be tested without waiting."""

from typing import Final

from tiketi_core.kernel import bounds

TOLD: Final = {
    "reservation.confirmed": "reservation_id",
    "reservation.cancelled": "reservation_id",
    "reservation.expired": "reservation_id",
    "payment.completed": "payment_id",
    "payment.refunded": "payment_id",
    "points.charged": "payment_id",
    "user.password_reset_requested": "user_id",
}
"""Messages people hear about → the field of the payload that says what it is about."""

RETRY_MS_MIN: Final = 1_000
RETRY_MS_MAX: Final = 15 * 60 * 1000


def retry_after_ms(attempt_count: int, jitter: float) -> int | None:
    """How long to wait after that many tries; None when it has been tried often enough.

    Doubles from 1 s to 15 min; `jitter` in [0, 1) takes away up to half of it.
    """
    if attempt_count >= bounds.delivery_attempts_max:
        return None
    step_ms = min(RETRY_MS_MIN * 2 ** (attempt_count - 1), RETRY_MS_MAX)
    return int(step_ms * (1 - jitter / 2))
