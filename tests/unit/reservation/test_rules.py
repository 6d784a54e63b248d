"""Layouts and the rules that need no store."""

from dataclasses import replace

import pytest

from tiketi_core.kernel import bounds
from tiketi_core.kernel.ids import EventId, ReservationId, UserId
from tiketi_core.reservation import rules
from tiketi_core.reservation.errors import EventNotFoundError, NotOnSaleError
from tiketi_core.reservation.layouts import LAYOUTS
from tiketi_core.reservation.model import Reservation, Sale

SALE = Sale(
    event_id=EventId(1),
    on_sale_at_ms=100,
    sale_ends_at_ms=200,
    starts_at_ms=300,
    is_cancelled=False,
    seats_per_user_max=4,
)


def test_the_halls_have_the_seats_they_are_known_for():
    sizes = {name: layout.seats_count for name, layout in LAYOUTS.items()}
    assert sizes == {
        "small_theater": 265,
        "large_theater": 1_250,
        "sports_stadium": 4_900,
        "stadium_50000": 50_000,
    }


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_a_hall_is_sound(layout):
    assert layout.seats_count <= bounds.seats_per_event_max
    names = [section.name for section in layout.sections]
    assert len(set(names)) == len(names)
    assert all(44_000 <= section.price <= 165_000 for section in layout.sections)


@pytest.mark.parametrize(
    ("now_ms", "is_open"), [(99, False), (100, True), (199, True), (200, False)]
)
def test_a_sale_begins_and_ends_to_the_millisecond(now_ms, is_open):
    if is_open:
        assert rules.check_on_sale(SALE, now_ms=now_ms) is SALE
        return
    with pytest.raises(NotOnSaleError):
        rules.check_on_sale(SALE, now_ms=now_ms)


def test_an_unknown_and_a_cancelled_event_sell_nothing():
    with pytest.raises(EventNotFoundError):
        rules.check_on_sale(None, now_ms=150)
    with pytest.raises(NotOnSaleError):
        rules.check_on_sale(replace(SALE, is_cancelled=True), now_ms=150)


def test_a_hold_is_expired_from_its_deadline_on():
    held = Reservation(
        id=ReservationId(1),
        number="N",
        event_id=EventId(1),
        user_id=UserId(1),
        status="PENDING",
        total_price=1,
        seats=(),
        expires_at_ms=100,
        payment_id=None,
        created_at_ms=0,
        version=1,
    )
    assert rules.status_at(held, now_ms=99) == "PENDING"
    assert rules.status_at(held, now_ms=100) == "EXPIRED"
    assert rules.status_at(replace(held, status="CONFIRMED"), now_ms=100) == "CONFIRMED"
