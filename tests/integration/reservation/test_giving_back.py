"""Cancelling and refunds: whose seats are free again, whose money goes back, and until when."""

import pytest

from tests.integration.reservation.box_office import (
    EVENT,
    BoxOffice,
    on_sale,
    refunded,
)
from tiketi_core.reservation.errors import (
    ReservationNotFoundError,
    TooLateToCancelError,
)


async def test_cancelling_frees_the_seats_once(office: BoxOffice):
    first = await office.open()
    held = await office.hold(1, first)
    with pytest.raises(ReservationNotFoundError):
        await office.cancel(held, user=2)
    cancelled = await office.cancel(held)
    assert (cancelled.status, cancelled.version) == ("CANCELLED", 2)
    assert cancelled.seats == held.seats, "history shows what it was for"
    assert (await office.cancel(held)).version == 2
    assert len(await office.messages("reservation.cancelled")) == 1
    assert (await office.states())[0] == "a"


async def test_cancelling_a_sale_voids_its_tickets_and_names_its_payment(office: BoxOffice):
    first = await office.open()
    held = await office.hold(1, first)
    await office.pay(held, 50)
    await office.cancel(held)
    (said,) = await office.messages("reservation.cancelled")
    assert (said["payment_id"], said["reason"]) == (50, "by_user")
    await office.pay(held, 50)
    assert await office.messages("reservation.refused") == []
    await office.pay(await office.hold(2, first), 51)
    await office.sound()


async def test_a_whole_refund_cancels_and_a_part_does_not(office: BoxOffice):
    first = await office.open()
    held = await office.hold(1, first)
    await office.pay(held, 50)
    part = refunded(held, 50, 10_000)
    await office.reservations.apply_refunds([part, part])
    assert await office.status(held) == "CONFIRMED"
    await office.reservations.apply_refunds([refunded(held, 50, held.total_price - 10_000)])
    assert await office.status(held) == "CANCELLED"
    (said,) = await office.messages("reservation.cancelled")
    assert (said["payment_id"], said["reason"]) == (None, "payment_refunded")
    await office.sound()


async def test_a_refund_that_overtakes_its_payment_is_not_forgotten(office: BoxOffice):
    first = await office.open()
    held = await office.hold(1, first)
    await office.reservations.apply_refunds([refunded(held, 50, held.total_price)])
    await office.pay(held, 50)
    assert await office.status(held) == "PENDING"


async def test_the_owner_gives_back_until_the_event_begins(office: BoxOffice):
    first = await office.open()
    sold = [await office.hold(user, first + user) for user in (1, 2, 3, 4)]
    for held in sold:
        await office.pay(held, 100 + held.id)
    office.clock.at_ms = on_sale(EVENT).starts_at_ms - 1
    assert (await office.cancel(sold[0])).status == "CANCELLED"
    office.clock.pass_ms(1)
    with pytest.raises(TooLateToCancelError):
        await office.cancel(sold[1])
    assert await office.status(sold[1]) == "CONFIRMED"
    by_admin = await office.reservations.cancel(sold[1].id, owner_id=None, request_id="c")
    assert by_admin.status == "CANCELLED"
    # What was cancelled never begins, and neither does what is gone.
    office.catalogue.events[EVENT] = on_sale(EVENT, is_cancelled=True)
    assert (await office.cancel(sold[2])).status == "CANCELLED"
    office.catalogue.events[EVENT] = None
    assert (await office.cancel(sold[3])).status == "CANCELLED"
    await office.sound()
