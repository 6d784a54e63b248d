"""Holding, letting go, confirming: one story per rule, on a real PostgreSQL."""

import asyncio
from contextlib import suppress

import pytest

from tests.integration.reservation.box_office import (
    EVENT,
    HOLD_MS,
    NOW_MS,
    BoxOffice,
    on_sale,
    paid,
)
from tests.waiting import until
from tiketi_core.kernel.ids import EventId
from tiketi_core.reservation.errors import (
    EventNotFoundError,
    IdempotencyKeyReusedError,
    NotOnSaleError,
    ReservationNotCancellableError,
    SeatLimitReachedError,
    SeatNotFoundError,
    SeatTakenError,
    SoldOutError,
)


async def test_seats_are_held_all_or_none(office: BoxOffice):
    first = await office.open()
    held = await office.hold(1, first + 1, first)
    assert [seat.seat_id for seat in held.seats] == [first, first + 1]
    assert (held.status, held.total_price, held.version) == ("PENDING", 220_000, 1)
    assert held.expires_at_ms == NOW_MS + HOLD_MS
    with pytest.raises(SeatTakenError) as caught:
        await office.hold(2, first + 1, first + 2)
    assert caught.value.extra == {"seat_ids": [first + 1]}
    assert (await office.states())[:4] == "hhaa"
    with pytest.raises(SeatNotFoundError):
        await office.hold(2, first, first + 265)
    await office.sound()


async def test_a_payment_sells_the_seats_and_makes_tickets(office: BoxOffice):
    first = await office.open()
    held = await office.hold(1, first, first + 1)
    message = await office.pay(held, 50)
    await office.reservations.apply_payments([message, message])
    await office.pay(held, 50)
    assert await office.status(held) == "CONFIRMED"
    assert (await office.states())[:3] == "ssa"
    confirmed = await office.messages("reservation.confirmed")
    assert [(each["payment_id"], each["seat_ids"]) for each in confirmed] == [
        (50, [first, first + 1])
    ]
    await office.pay(held, 51)
    refused = await office.messages("reservation.refused")
    assert [(each["payment_id"], each["reason"]) for each in refused] == [(51, "already_paid")]
    await office.sound()


async def test_a_hold_past_its_deadline_is_free_at_that_second(office: BoxOffice):
    first = await office.open()
    held = await office.hold(1, first, first + 1)
    office.clock.pass_ms(HOLD_MS - 1)
    with pytest.raises(SeatTakenError):
        await office.hold(2, first)
    office.clock.pass_ms(1)
    assert (await office.states())[:2] == "aa"
    taken = await office.hold(2, first)
    assert await office.status(held) == "EXPIRED"
    assert await office.reservations.expire_due() == 0
    assert len(await office.messages("reservation.expired")) == 1
    await office.pay(held, 50)
    refused = await office.messages("reservation.refused")
    assert [each["reason"] for each in refused] == ["expired"]
    assert (await office.states())[:2] == "ha"
    assert await office.status(taken) == "PENDING"
    await office.sound()


async def test_a_late_payment_counts_while_nobody_took_the_seats(office: BoxOffice):
    first = await office.open()
    held = await office.hold(1, first)
    office.clock.pass_ms(HOLD_MS + 5)
    version = await office.version()
    await office.pay(held, 50)
    assert await office.status(held) == "CONFIRMED"
    assert await office.version() > version
    await office.sound()


async def test_the_cleaner_expires_once_and_says_so_once(office: BoxOffice):
    first = await office.open()
    held = [await office.hold(user, first + user) for user in range(5)]
    office.clock.pass_ms(HOLD_MS)
    version, states = await office.version(), await office.states()
    counts = await asyncio.gather(*(office.reservations.expire_due() for _ in range(4)))
    assert sum(counts) == 5
    assert len(await office.messages("reservation.expired")) == 5
    assert await office.states() == states == "a" * 265
    assert await office.version() == version, "the same map has the same version"
    with pytest.raises(ReservationNotCancellableError):
        await office.cancel(held[0])
    await office.sound()


async def test_legacy_f12_no_double_sale_and_no_stolen_seat(office: BoxOffice):
    first = await office.open()
    a = await office.hold(1, first)
    await office.cancel(a)
    b = await office.hold(2, first)
    await office.reservations.apply_payments([paid(a, 50), paid(b, 51)])
    assert (await office.status(a), await office.status(b)) == ("CANCELLED", "CONFIRMED")
    assert [m["payment_id"] for m in await office.messages("reservation.refused")] == [50]
    assert [m["payment_id"] for m in await office.messages("reservation.confirmed")] == [51]
    await office.cancel(a)
    with pytest.raises(SeatTakenError):
        await office.hold(3, first)
    await office.sound()


@pytest.mark.parametrize(
    ("changes", "reason"), [({"price": 1}, "price_mismatch"), ({"user": 9}, "unknown")]
)
async def test_a_payment_that_does_not_fit_is_refused(office: BoxOffice, changes, reason):
    first = await office.open()
    held = await office.hold(1, first)
    await office.reservations.apply_payments([paid(held, 50, **changes)])
    (said,) = await office.messages("reservation.refused")
    assert said["reason"] == reason
    assert await office.status(held) == "PENDING"


async def test_one_person_may_have_so_many_seats_and_no_more(office: BoxOffice):
    first = await office.open()
    held = await office.hold(1, first, first + 1, first + 2)
    with pytest.raises(SeatLimitReachedError):
        await office.best(1, 2)
    await office.best(1, 1)
    office.clock.pass_ms(HOLD_MS)
    await office.best(1, 4)
    assert await office.status(held) == "EXPIRED", (
        "so that paying it late lifts nobody over the limit"
    )
    outcomes = await asyncio.gather(*(office.best(2, 1) for _ in range(20)), return_exceptions=True)
    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 4
    assert {type(o) for o in outcomes if isinstance(o, BaseException)} == {SeatLimitReachedError}
    await office.sound()


async def test_the_same_key_gives_the_same_reservation(office: BoxOffice):
    first = await office.open()
    answers = await asyncio.gather(*(office.hold(1, first, key="k") for _ in range(8)))
    assert len({answer.id for answer in answers}) == 1
    with pytest.raises(IdempotencyKeyReusedError):
        await office.hold(1, first + 1, key="k")
    assert (await office.hold(2, first + 1, key="k")).user_id == 2


async def test_a_repeated_request_is_answered_again_after_the_sale(office: BoxOffice):
    first = await office.open()
    held = await office.hold(1, first, key="k")
    office.catalogue.events[EVENT] = on_sale(EVENT, sale_ends_at_ms=NOW_MS)
    assert (await office.hold(1, first, key="k")).id == held.id
    with pytest.raises(IdempotencyKeyReusedError):
        await office.hold(1, first + 1, key="k")
    with pytest.raises(NotOnSaleError):
        await office.hold(1, first + 1, key="other")
    office.catalogue.events[EVENT] = None
    assert (await office.hold(1, first, key="k")).id == held.id


async def test_whoever_waits_for_his_own_lapsed_hold_keeps_nobody_from_theirs(office: BoxOffice):
    first = await office.open()
    mine, theirs = await office.hold(1, first), await office.hold(2, first + 1)
    office.clock.pass_ms(HOLD_MS)
    lock = "SELECT FROM reservations WHERE id = $1 FOR UPDATE"
    async with office.database.transaction() as other:
        await other.execute(lock, mine.id)
        taking = asyncio.create_task(office.best(1, 1))
        await until(lambda: waits_for_a_lock(office))
        await other.execute(f"{lock} NOWAIT", theirs.id)
    assert (await taking).status == "PENDING"
    await office.sound()


async def waits_for_a_lock(office: BoxOffice) -> bool:
    waiting = await office.database.fetchval(
        "SELECT EXISTS (SELECT FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database())"
    )
    return bool(waiting)


@pytest.mark.parametrize(
    "changes",
    [
        {"is_cancelled": True},
        {"on_sale_at_ms": NOW_MS + 1},
        {"sale_ends_at_ms": NOW_MS},
    ],
)
async def test_nothing_is_held_outside_of_the_sale(office: BoxOffice, changes):
    first = await office.open()
    office.catalogue.events[EVENT] = on_sale(EVENT, **changes)
    with pytest.raises(NotOnSaleError):
        await office.hold(1, first)
    office.catalogue.events[EVENT] = None
    with pytest.raises(EventNotFoundError):
        await office.hold(1, first)


@pytest.mark.parametrize("locks", [True, False])
async def test_of_a_hundred_who_want_one_seat_one_gets_it(office: BoxOffice, locks):
    first = await office.open()
    outcomes = await asyncio.gather(
        *(office.hold(user, first, locks=locks) for user in range(1, 101)), return_exceptions=True
    )
    won = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert len(won) == 1
    lost = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert {type(outcome) for outcome in lost} == {SeatTakenError}
    await office.sound()


async def test_overlapping_wishes_meet_without_deadlock(office: BoxOffice):
    first = await office.open()
    outcomes = await asyncio.gather(
        *(
            office.hold(user, *(first + (user + step) % 12 for step in (0, 3, 7)), locks=False)
            for user in range(1, 61)
        ),
        return_exceptions=True,
    )
    lost = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert {type(outcome) for outcome in lost} == {SeatTakenError}
    await office.sound()


async def test_payments_cleaner_and_takers_meet_without_deadlock(office: BoxOffice):
    first = await office.open()
    held = [await office.hold(user, first + 2 * user, first + 2 * user + 1) for user in range(40)]
    office.clock.pass_ms(HOLD_MS)

    async def take(user: int) -> None:
        with suppress(SeatTakenError):
            await office.hold(100 + user, first + 2 * user + 1, first + 2 * user + 2)

    await asyncio.gather(
        *(office.reservations.expire_due() for _ in range(3)),
        *(
            office.reservations.apply_payments(
                [paid(each, 1000 + each.id) for each in held[start : start + 10]]
            )
            for start in (30, 20, 10, 0)
        ),
        *(take(user) for user in range(39)),
    )
    ended = [await office.status(each) for each in held]
    assert set(ended) <= {"CONFIRMED", "EXPIRED"}
    refused = {m["reservation_id"] for m in await office.messages("reservation.refused")}
    assert refused == {
        each.id for each, status in zip(held, ended, strict=True) if status == "EXPIRED"
    }
    expired = [m["reservation_id"] for m in await office.messages("reservation.expired")]
    assert sorted(expired) == sorted(refused)
    await office.sound()


async def test_a_batch_of_hundreds_of_payments_is_one_call(office: BoxOffice):
    await office.open("large_theater")
    held = await asyncio.gather(*(office.best(user, 2) for user in range(1, 301)))
    await office.reservations.apply_payments([paid(each, each.id) for each in held])
    assert (await office.states()).count("s") == 600
    await office.sound()


async def test_an_unknown_section_and_a_hall_without_seats(office: BoxOffice):
    await office.open()
    with pytest.raises(SeatNotFoundError):
        await office.best(1, 1, section="nowhere")
    with pytest.raises(SeatNotFoundError):
        await office.best(1, 1, event=99)
    with pytest.raises(EventNotFoundError):
        await office.seating.plan(EventId(99))


async def test_a_section_sells_out_by_itself(office: BoxOffice):
    await office.open()
    for user in range(15):
        assert len({s.row for s in (await office.best(user, 3, section="VIP")).seats}) == 1
    with pytest.raises(SoldOutError):
        await office.best(50, 1, section="VIP")
    assert (await office.best(50, 1)).seats[0].section == "R"
