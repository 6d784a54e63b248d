"""When a delivery goes out, waits or is not wanted: the rules alone, at moments of our choosing."""

from datetime import UTC, datetime

import pytest

from tiketi_core.kernel.ids import DeliveryId, UserId
from tiketi_core.notification.model import Category, Delivery, Notice, Wishes
from tiketi_core.notification.rules import (
    LIMITS_MAX,
    Unwanted,
    Waits,
    held_back,
    knock_after_ms,
    quiet_for_ms,
    retry_after_ms,
)

HOUR_MS = 3_600_000
NIGHT = datetime(2026, 11, 23, 13, 30, tzinfo=UTC)
"""22:30 in Korea."""
DAY = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
"""Noon in Korea."""


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def delivery(category: Category = "transactional", *, stale: bool = False, **wishes) -> Delivery:
    notice = Notice("m", "manual", UserId(7), "s", {}, None, category=category)
    return Delivery(DeliveryId(1), notice, 1, "email", Wishes(**wishes), stale)


def verdict(which: Delivery, at: datetime = DAY, batch_count: int = 0) -> Waits | Unwanted | None:
    return held_back(which, now_ms=ms(at), batch_count=batch_count)


@pytest.mark.parametrize(
    ("korea", "hours"),
    [((7, 59), 1 / 60), ((8, 0), 0), ((20, 59), 0), ((21, 0), 11), ((0, 0), 8), ((22, 30), 9.5)],
)
def test_quiet_hours_are_koreas_night(korea: tuple[int, int], hours: float) -> None:
    hour, minute = korea
    at = datetime(2026, 11, 23, (hour - 9) % 24, minute, tzinfo=UTC)
    assert quiet_for_ms(ms(at)) == round(hours * HOUR_MS)


def test_only_advertising_waits_for_the_morning() -> None:
    assert verdict(delivery(), NIGHT) is None
    assert verdict(delivery("marketing"), DAY) is None
    assert verdict(delivery("marketing"), NIGHT) == Waits("quiet hours", int(9.5 * HOUR_MS))


def test_what_is_not_wanted_or_too_late_is_not_sent() -> None:
    assert isinstance(verdict(delivery(agrees=False)), Unwanted)
    assert isinstance(verdict(delivery(stale=True)), Unwanted)


def test_the_limit_counts_what_was_sent_and_what_is_going() -> None:
    most = LIMITS_MAX["email", "marketing"]
    assert verdict(delivery("marketing", recent_count=most - 1)) is None
    assert isinstance(verdict(delivery("marketing", recent_count=most)), Waits)
    assert isinstance(verdict(delivery("marketing", recent_count=most - 1), batch_count=1), Waits)


def test_pauses_grow_and_end() -> None:
    pauses = [retry_after_ms(count, 0.0) for count in range(1, 11)]
    assert pauses[:3] == [1_000, 2_000, 4_000]
    assert pauses[-1] is None
    assert retry_after_ms(1, 0.999) == 500


def test_a_provider_that_is_down_is_knocked_at_for_ever_but_ever_more_rarely() -> None:
    assert [knock_after_ms(count, 0.0) for count in (1, 2, 3)] == [1_000, 2_000, 4_000]
    assert knock_after_ms(1_000, 0.0) == 60_000
