"""Status by the clock, times that make sense, and what a search compares."""

from dataclasses import replace

import pytest

from tiketi_core.event import rules
from tiketi_core.event.model import Event, Position
from tiketi_core.kernel.errors import InvalidRequestError
from tiketi_core.kernel.ids import EventId
from tiketi_platform.framework.cursors import to_cursor
from tiketi_platform.services.event.translate import from_page_cursor, to_page_cursor

BASE = 1_800_000_000_000
EVENT = Event(
    id=EventId(1),
    title="흠뻑쇼",
    artist="싸이",
    venue="KSPO Dome",
    description="",
    on_sale_at_ms=BASE + 100,
    sale_ends_at_ms=BASE + 200,
    starts_at_ms=BASE + 200,
    seats_per_user_max=4,
    is_cancelled=False,
    version=1,
    created_at_ms=BASE,
    updated_at_ms=BASE,
)


@pytest.mark.parametrize(
    ("now", "status", "change"),
    [
        (0, "upcoming", 100),
        (99, "upcoming", 100),
        (100, "on_sale", 200),
        (199, "on_sale", 200),
        (200, "ended", None),
        (999, "ended", None),
    ],
)
def test_status_and_its_next_change(now, status, change):
    assert rules.status_at(EVENT, BASE + now) == status
    expected = None if change is None else BASE + change
    assert rules.next_change_ms(EVENT, BASE + now) == expected
    cancelled = replace(EVENT, is_cancelled=True)
    assert rules.status_at(cancelled, BASE + now) == "cancelled"
    assert rules.next_change_ms(cancelled, BASE + now) is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sale_ends_at_ms": BASE + 100}, "sale_ends_at"),
        ({"sale_ends_at_ms": BASE + 201}, "sale_ends_at"),
        ({"on_sale_at_ms": rules.MOMENT_MS_MIN - 1}, "on_sale_at"),
        ({"starts_at_ms": rules.MOMENT_MS_MAX}, "starts_at"),
    ],
)
def test_times_out_of_order_are_refused(changes, field):
    rules.check_times(EVENT)
    with pytest.raises(InvalidRequestError) as refused:
        rules.check_times(replace(EVENT, **changes))
    assert refused.value.field == field


def test_words_are_folded_and_the_longest_comes_first():
    assert rules.words("  Dome ＫＳＰＯ dome 싸이") == ("dome", "kspo", "싸이")
    assert rules.words(" \u3000") == ()
    assert all(word in rules.search_text(EVENT) for word in rules.words("SPO 흠뻑 싸이"))


@pytest.mark.parametrize("event_id", [1, 2**63 - 1])
def test_a_cursor_comes_back_as_it_went(event_id):
    position = Position(on_sale_at_ms=BASE, id=EventId(event_id))
    assert from_page_cursor(to_page_cursor(position)) == position


@pytest.mark.parametrize(
    "cursor",
    ["", "zzz", to_cursor("news", 1, 2), to_cursor("events", 1), to_cursor("events", 2**62, 1)],
)
def test_a_foreign_cursor_is_refused(cursor):
    with pytest.raises(InvalidRequestError) as refused:
        from_page_cursor(cursor)
    assert refused.value.field == "cursor"
