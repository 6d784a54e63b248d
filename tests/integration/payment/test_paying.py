"""Paying by card, points and both, over PostgreSQL and the sandbox gateway."""

import asyncio

import pytest

from tests.integration.payment.saga import Saga
from tests.ports import free_port
from tiketi_core.kernel.errors import DomainError, InvalidRequestError, UnavailableError
from tiketi_core.kernel.ids import EventId
from tiketi_core.payment import errors
from tiketi_core.payment.gateway import CardDeclinedError, GatewayUnreachableError
from tiketi_platform.adapters.toss import TossGateway, TossSettings
from tiketi_platform.sandbox.ports import TOSS_SECRET_KEY


async def test_a_mixed_payment_takes_points_and_card(saga: Saga):
    await saga.grant(5_000)
    saga.directory.put(1, price=3_000)
    settled = await saga.pay(1, points=1_000, card=2_000)
    payment = settled.payment
    assert (payment.status, payment.payment_method) == ("COMPLETED", "MIXED")
    assert payment.pg_token is None
    assert (settled.balance, await saga.wallet()) == (4_000, (4_000, 0))
    assert await saga.messages() == ["payment.completed"]
    await saga.assert_books_balance()


async def test_points_alone_never_ask_the_gateway(saga: Saga):
    await saga.grant(5_000)
    saga.directory.put(1, price=5_000)
    settled = await saga.pay(1, points=5_000)
    assert (settled.payment.status, settled.payment.payment_method) == ("COMPLETED", "POINT")
    assert saga.sandbox is not None
    assert saga.sandbox.gateway.ledger.totals.approved_count == 0
    await saga.assert_books_balance()


async def test_a_card_alone_needs_no_wallet(saga: Saga):
    saga.directory.put(1, price=5_000)
    settled = await saga.pay(1, card=5_000)
    assert (settled.payment.status, settled.payment.payment_method) == ("COMPLETED", "CARD")
    assert await saga.wallet() == (0, 0)
    await saga.assert_books_balance()


async def test_points_that_are_bought_are_charged_once(saga: Saga):
    settled = await saga.buy(10_000, key="k")
    assert (settled.balance, settled.payment.purpose) == (10_000, "POINTS")
    assert await saga.buy(10_000, key="k") == settled
    assert await saga.messages() == ["points.charged"]
    await saga.assert_books_balance()


async def test_a_declined_card_gives_the_points_back_and_stays_declined(saga: Saga):
    await saga.grant(5_000)
    saga.directory.put(1, price=3_000)
    details = []
    for _ in range(2):
        with pytest.raises(CardDeclinedError) as declined:
            await saga.pay(1, points=1_000, card=2_000, token="toss_token_declined", key="k")
        details.append((declined.value.detail, declined.value.gateway_code))
    assert details[0] == details[1]
    assert await saga.wallet() == (5_000, 0)
    assert await saga.messages() == ["payment.failed"]
    assert (await saga.pay(1, card=3_000)).payment.status == "COMPLETED"
    await saga.assert_books_balance()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"points": 4_000}, errors.InsufficientPointsError),
        ({"card": 3_999}, errors.PriceMismatchError),
        ({"card": 4_000, "total": 4_001}, errors.PriceMismatchError),
        ({"card": 4_000, "token": None}, InvalidRequestError),
        ({"card": 4_000, "user": 2}, errors.ReservationNotFoundError),
        ({"card": 4_000, "event": EventId(8)}, errors.EntryForOtherEventError),
    ],
)
async def test_what_does_not_fit_changes_nothing(
    saga: Saga, change: dict, error: type[DomainError]
):
    await saga.grant(3_999)
    saga.directory.put(1, price=4_000)
    with pytest.raises(error):
        await saga.pay(1, key="k", **change)
    assert await saga.database.fetchval("SELECT count(*) FROM payments") == 0
    assert await saga.database.fetchval("SELECT count(*) FROM idempotency_keys") == 0
    assert await saga.wallet() == (3_999, 0)


@pytest.mark.parametrize("status", ["CONFIRMED", "CANCELLED", "EXPIRED"])
async def test_only_a_pending_reservation_is_paid(saga: Saga, status: str):
    saga.directory.put(1, status=status)
    with pytest.raises(errors.ReservationNotPayableError):
        await saga.pay(1, card=1_000)


async def test_the_deadline_is_too_late(saga: Saga):
    saga.directory.put(1)
    saga.clock.ahead_ms = 300_001
    with pytest.raises(errors.ReservationNotPayableError):
        await saga.pay(1, card=1_000)


async def test_a_paid_reservation_is_replayed_and_never_paid_twice(saga: Saga):
    saga.directory.put(1)
    first = await saga.pay(1, card=1_000, key="k")
    with pytest.raises(errors.ReservationNotPayableError):
        await saga.pay(1, card=1_000)
    saga.directory.put(1, status="CONFIRMED")
    assert await saga.pay(1, card=1_000, key="k") == first
    await saga.refund(first.payment.id)
    assert await saga.pay(1, card=1_000, key="k") == first
    await saga.assert_books_balance()


async def test_a_key_stands_for_one_request(saga: Saga):
    saga.directory.put(1)
    await saga.pay(1, card=1_000, key="k")
    with pytest.raises(errors.IdempotencyKeyReusedError):
        await saga.pay(1, card=999, key="k")
    with pytest.raises(errors.IdempotencyKeyReusedError):
        await saga.buy(1_000, key="k")


async def test_one_reservation_many_tabs_one_payment(saga: Saga):
    await saga.grant(50_000)
    saga.directory.put(1, price=2_000)
    results = await asyncio.gather(
        *(saga.pay(1, points=1_000, card=1_000) for _ in range(20)), return_exceptions=True
    )
    paid = [result for result in results if not isinstance(result, BaseException)]
    refused = [r for r in results if isinstance(r, errors.ReservationNotPayableError)]
    assert (len(paid), len(refused)) == (1, 19)
    assert await saga.wallet() == (49_000, 0)
    await saga.assert_books_balance()


async def test_one_key_many_times_at_once_is_in_flight_or_the_answer(saga: Saga):
    saga.directory.put(1)
    results = await asyncio.gather(
        *(saga.pay(1, card=1_000, key="k") for _ in range(20)), return_exceptions=True
    )
    paid = {r.payment.id for r in results if not isinstance(r, BaseException)}
    others = [r for r in results if isinstance(r, BaseException)]
    assert len(paid) == 1
    assert all(isinstance(r, errors.IdempotencyInFlightError) for r in others)
    assert all(r.retry_after_s == 1 for r in others if isinstance(r, DomainError))
    await saga.assert_books_balance()


async def test_points_are_never_spent_twice(saga: Saga):
    await saga.grant(10_000)
    for number in range(30):
        saga.directory.put(number, price=1_000)
    results = await asyncio.gather(
        *(saga.pay(n, points=600, card=400) for n in range(30)), return_exceptions=True
    )
    paid = [result for result in results if not isinstance(result, BaseException)]
    assert len(paid) == 16
    assert await saga.wallet() == (400, 0)
    await saga.assert_books_balance()


async def test_a_gateway_that_was_not_reached_decides_nothing(saga: Saga):
    saga.directory.put(1)
    reached = saga.payments._gateway
    settings = TossSettings(TOSS_SECRET_KEY, base_url=f"http://127.0.0.1:{free_port()}")
    async with TossGateway(settings) as nowhere:
        saga.payments._gateway = nowhere
        with pytest.raises(GatewayUnreachableError):
            await saga.pay(1, card=1_000, key="k")
    saga.payments._gateway = reached
    assert (await saga.pay(1, card=1_000, key="k")).payment.status == "COMPLETED"
    await saga.assert_books_balance()


async def test_a_reservation_service_that_is_away_decides_nothing(saga: Saga):
    saga.directory.put(1)
    saga.directory.error = UnavailableError()
    with pytest.raises(UnavailableError):
        await saga.pay(1, card=1_000, key="k")
    saga.directory.error = None
    assert (await saga.pay(1, card=1_000, key="k")).payment.status == "COMPLETED"


@pytest.mark.parametrize(
    "token",
    [
        "toss_token_timeout_after_success",
        "toss_token_error_500_after_success",
        "toss_token_disconnect_after_success",
    ],
)
async def test_a_lost_answer_is_found_at_once(saga: Saga, token: str):
    await saga.grant(500)
    saga.directory.put(1)
    settled = await saga.pay(1, points=500, card=500, token=token, key="k")
    assert settled.payment.status == "COMPLETED"
    assert await saga.pay(1, points=500, card=500, token=token, key="k") == settled
    await saga.assert_books_balance()


async def test_an_unknown_outcome_is_pending_until_the_recovery_settles_it(saga: Saga):
    await saga.grant(500)
    saga.directory.put(1)
    settled = await saga.pay(1, points=500, card=500, token="toss_token_error_500_once", key="k")
    assert settled.payment.status == "PENDING"
    assert await saga.wallet() == (500, 500)
    with pytest.raises(errors.IdempotencyInFlightError):
        await saga.pay(1, points=500, card=500, token="toss_token_error_500_once", key="k")
    assert await saga.recover() == 1
    final = await saga.pay(1, points=500, card=500, token="toss_token_error_500_once", key="k")
    assert final.payment.status == "COMPLETED"
    await saga.assert_books_balance()


async def test_the_balance_has_a_limit_and_the_card_gets_its_money_back(saga: Saga):
    almost = 1_000_000_000_000 - 100
    await saga.database.execute("INSERT INTO points (user_id) VALUES (1)")
    await saga.grant(almost)
    with pytest.raises(errors.BalanceLimitReachedError):
        await saga.buy(101)
    results = await asyncio.gather(saga.buy(100), saga.buy(100), return_exceptions=True)
    refused = [result for result in results if isinstance(result, BaseException)]
    assert [type(error) for error in refused] == [errors.BalanceLimitReachedError]
    await saga.assert_books_balance()
