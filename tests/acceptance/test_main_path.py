"""The whole way of a customer, through the SDK: register, wait, hold, pay, hold the ticket, get the mail."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from tests.acceptance.stage import OK, Stage, patiently
from tiketi_sdk import Tiketi, errors
from tiketi_sdk.audit import audit_event
from tiketi_sdk.contract.event import Event
from tiketi_sdk.contract.payment import Payment
from tiketi_sdk.contract.reservation import Reservation

T = TypeVar("T")
NAME = "김민지"


def hold(client: Tiketi, event: Event, count: int = 1) -> Reservation:
    """Seats held by somebody who came through the waiting room."""
    client.queue.wait_until_admitted(event.id, timeout_s=60)
    return client.reservations.create(event.id, best_available=count)


def in_parallel(work: Callable[[], T], count: int) -> list[T | Exception]:
    """What `count` threads that do the same at once get."""
    results: list[T | Exception] = []
    gate = threading.Barrier(count)

    def run() -> None:
        gate.wait()
        try:
            results.append(work())
        except errors.TiketiError as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def assert_clean(platform: Stage, event: Event) -> None:
    report = audit_event(platform.admin, event.id)
    assert report.passed, [f.summary for check in report.checks for f in check.findings]


def test_a_ticket_bought_by_card(platform: Stage):
    event = platform.concert(title="서울 재즈 페스티벌 🎷", venue="올림픽공원")
    listed = platform.client().events.list(q="재즈").page()
    assert event.id in {item.id for item in listed.items}
    client = platform.visitor(NAME)
    me = client.auth.me()
    assert (me.name, me.role, me.provider) == (NAME, "user", "LOCAL")
    assert client.auth.verify().user == me

    place = client.queue.wait_until_admitted(event.id, timeout_s=60)
    assert (place.state, place.position) == ("admitted", 0)
    held = client.reservations.create(event.id, best_available=2)
    assert held.status == "PENDING"
    assert held.total_price == sum(seat.price for seat in held.seats)
    room = platform.client().seats.map(event.id)
    assert (room.held_count, room.sold_count) == (2, 0)

    payment = client.payments.create(held, card_amount=held.total_price, pg_token=OK)
    assert (payment.status, payment.payment_method) == ("COMPLETED", "CARD")
    bought = client.reservations.wait_until_settled(held.id)
    assert (bought.status, bought.payment_id) == ("CONFIRMED", payment.id)
    tickets = list(client.tickets.list(reservation_id=held.id))
    assert {t.seat.seat_id for t in tickets} == {seat.seat_id for seat in held.seats}
    assert client.tickets.get(tickets[0].id).qr_svg

    used = platform.admin.tickets.check_in(event.id, tickets[0].qr)
    assert used.status == "USED"
    with pytest.raises(errors.TicketUsedError):
        platform.admin.tickets.check_in(event.id, tickets[0].qr)
    with pytest.raises(errors.TicketInvalidError):
        platform.admin.tickets.check_in(event.id, tickets[1].qr[:-6] + "AAAAAA")

    mails = patiently(lambda: [m for m in platform.mails(me.email) if held.number in m["subject"]])
    assert len(mails) == 1
    assert "예매가 확정되었습니다" in mails[0]["subject"]
    names = {d.message_name for d in client.notifications.list()}
    assert {"reservation.confirmed", "payment.completed"} <= names
    assert_clean(platform, event)


def test_points_card_and_both(platform: Stage):
    event = platform.concert()
    for points_share in (1.0, 0.3, 0.0):
        client = platform.visitor()
        client.points.charge(500_000, pg_token=OK)
        held = hold(client, event)
        used = int(held.total_price * points_share)
        payment = client.payments.create(
            held,
            point_used=used,
            card_amount=held.total_price - used,
            pg_token=OK if used < held.total_price else None,
        )
        assert payment.payment_method == {1.0: "POINT", 0.3: "MIXED", 0.0: "CARD"}[points_share]
        assert client.reservations.wait_until_settled(held.id).status == "CONFIRMED"
        wallet = client.points.balance()
        assert (wallet.balance, wallet.held) == (500_000 - used, 0)
    assert_clean(platform, event)


def test_everything_done_twice_happens_once(platform: Stage):
    event = platform.concert()
    client = platform.visitor()

    def key() -> str:
        return f"once-{secrets.token_hex(8)}"

    order = key()
    assert client.points.charge(1_000, pg_token=OK, idempotency_key=order) == client.points.charge(
        1_000, pg_token=OK, idempotency_key=order
    )
    assert client.points.balance().balance == 1_000
    with pytest.raises(errors.IdempotencyKeyReusedError):
        client.points.charge(2_000, pg_token=OK, idempotency_key=order)

    places = [client.queue.enter(event.id) for _ in range(2)]
    assert places[0].state == places[1].state == "admitted"
    reserved_by = key()
    held = client.reservations.create(event.id, best_available=1, idempotency_key=reserved_by)
    again = client.reservations.create(event.id, best_available=1, idempotency_key=reserved_by)
    assert again.id == held.id
    assert platform.client().seats.map(event.id).held_count == 1

    order = key()

    def pay() -> int:
        return client.payments.create(
            held, card_amount=held.total_price, pg_token=OK, idempotency_key=order
        ).id

    answers = in_parallel(pay, 6)
    paid = {answer for answer in answers if isinstance(answer, int)}
    refused = [answer for answer in answers if not isinstance(answer, int)]
    assert len(paid) == 1
    assert all(isinstance(error, errors.IdempotencyInFlightError) for error in refused)
    assert client.reservations.wait_until_settled(held.id).status == "CONFIRMED"
    patiently(lambda: platform.admin.queue.stats(event.id).admitted_count == 0)
    # The purchase has ended the session; the answer to it can be had all the same.
    assert pay() in paid
    again = client.reservations.create(event.id, best_available=1, idempotency_key=reserved_by)
    assert (again.id, again.status) == (held.id, "CONFIRMED")

    def is_asked_for_entry() -> bool:
        try:
            client.payments.create(held, card_amount=held.total_price, pg_token=OK)
        except errors.EntryRequiredError:
            return True
        except errors.ReservationNotPayableError:
            return False  # payment has not heard of the session's end yet
        return False

    patiently(is_asked_for_entry)
    client.queue.wait_until_admitted(event.id, timeout_s=60)
    with pytest.raises(errors.ReservationNotPayableError):
        client.payments.create(held, card_amount=held.total_price, pg_token=OK)
    assert_clean(platform, event)


def test_one_seat_and_a_crowd(platform: Stage):
    event = platform.concert()
    seat = platform.client().seats.map(event.id).sections[0].rows[0].first_seat_id
    crowd = platform.visitors(12)
    for client in crowd:
        client.queue.wait_until_admitted(event.id, timeout_s=60)
    left = list(crowd)

    def take() -> int:
        return left.pop().reservations.create(event.id, seat_ids=[seat]).id

    answers = in_parallel(take, len(crowd))
    assert len([a for a in answers if isinstance(a, int)]) == 1
    assert len([a for a in answers if isinstance(a, errors.SeatTakenError)]) == len(crowd) - 1
    assert_clean(platform, event)


def test_a_declined_card_costs_nothing_and_may_be_tried_again(platform: Stage):
    event = platform.concert()
    client = platform.visitor()
    client.points.charge(5_000, pg_token=OK)
    held = hold(client, event)

    def pay(card: str) -> Payment:
        rest = held.total_price - 5_000
        return client.payments.create(held, point_used=5_000, card_amount=rest, pg_token=card)

    with pytest.raises(errors.CardDeclinedError):
        pay("toss_token_declined")
    wallet = client.points.balance()
    assert (wallet.balance, wallet.held) == (5_000, 0)
    assert client.reservations.get(held.id).status == "PENDING"
    with pytest.raises(errors.PriceMismatchError):
        client.payments.create(held, card_amount=held.total_price - 1, pg_token=OK)
    with pytest.raises(errors.InsufficientPointsError):
        client.payments.create(held, point_used=held.total_price)
    assert pay(OK).status == "COMPLETED"
    assert client.reservations.wait_until_settled(held.id).status == "CONFIRMED"
    assert_clean(platform, event)


async def test_a_hold_past_its_deadline_is_the_next_buyers(platform: Stage):
    event = platform.concert()
    late, next_one = platform.visitor(), platform.visitor()
    held = hold(late, event)
    # The deadline passes without the test waiting five minutes for it.
    async with platform.database() as connection, connection.transaction():
        for statement in (
            "UPDATE reservation.reservations SET expires_at = now() - interval '1 s' WHERE id = $1",
            "UPDATE reservation.seats SET held_until = now() - interval '1 s' WHERE reservation_id = $1",
        ):
            await connection.execute(statement, held.id)
    assert late.reservations.get(held.id).status == "EXPIRED"
    with pytest.raises(errors.ReservationNotPayableError):
        late.payments.create(held, card_amount=held.total_price, pg_token=OK)
    next_one.queue.wait_until_admitted(event.id, timeout_s=60)
    taken = next_one.reservations.create(event.id, seat_ids=[held.seats[0].seat_id])
    next_one.payments.create(taken, card_amount=taken.total_price, pg_token=OK)
    assert next_one.reservations.wait_until_settled(taken.id).status == "CONFIRMED"
    patiently(
        lambda: [d for d in late.notifications.list() if d.message_name == "reservation.expired"]
    )
    assert_clean(platform, event)


def test_cancelling_gives_seats_and_money_back(platform: Stage):
    event = platform.concert()
    client = platform.visitor()
    client.points.charge(10_000, pg_token=OK)
    held = hold(client, event)
    payment = client.payments.create(
        held, point_used=10_000, card_amount=held.total_price - 10_000, pg_token=OK
    )
    client.reservations.wait_until_settled(held.id)
    assert client.reservations.cancel(held.id).status == "CANCELLED"
    refunded = patiently(
        lambda: (now := client.payments.get(payment.id)).status == "REFUNDED" and now
    )
    assert (refunded.refunded_points, refunded.refunded_card) == (10_000, held.total_price - 10_000)
    assert client.points.balance().balance == 10_000
    assert platform.client().seats.map(event.id).available_count == 265
    assert not [t for t in client.tickets.list(event_id=event.id) if t.status == "VALID"]
    patiently(lambda: {"reservation.cancelled", "payment.refunded"} <= _told(client))
    assert_clean(platform, event)


def test_sold_out_and_not_on_sale(platform: Stage):
    event = platform.concert()
    client = platform.visitor()
    client.queue.wait_until_admitted(event.id, timeout_s=60)
    client.reservations.create(event.id, best_available=event.seats_per_user_max)
    with pytest.raises(errors.SeatLimitReachedError):
        client.reservations.create(event.id, best_available=1)
    later = platform.concert(
        on_sale_at=event.on_sale_at + timedelta(days=1),
        sale_ends_at=event.on_sale_at + timedelta(days=2),
    )
    with pytest.raises(errors.NotOnSaleError):
        client.queue.enter(later.id)


async def test_the_same_way_with_the_asynchronous_client(platform: Stage):
    event = platform.concert()
    async with platform.asynchronous() as client:
        session = await client.auth.register(
            email=f"async-{secrets.token_hex(6)}@example.com",
            password=secrets.token_urlsafe(12),
            name="이서준",
        )
        await client.points.charge(7_000, pg_token=OK)
        await client.queue.wait_until_admitted(event.id, timeout_s=60)
        held = await client.reservations.create(event.id, best_available=1)
        await client.payments.create(
            held, point_used=7_000, card_amount=held.total_price - 7_000, pg_token=OK
        )
        bought = await client.reservations.wait_until_settled(held.id)
        assert bought.status == "CONFIRMED"
        tickets = [ticket async for ticket in client.tickets.list(reservation_id=held.id)]
        assert len(tickets) == 1
        await client.auth.refresh()
        assert (await client.auth.me()).id == session.user.id
        await client.auth.logout()
    assert_clean(platform, event)


def _told(client: Tiketi) -> set[Any]:
    return {delivery.message_name for delivery in client.notifications.list()}
