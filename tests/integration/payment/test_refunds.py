"""Giving money back: in parts, at once, by message, and with a gateway that fails."""

import asyncio
import uuid

import pytest

from tests.integration.payment.saga import Saga
from tiketi_core.kernel.ids import MessageId, PaymentId
from tiketi_core.kernel.message import Message
from tiketi_core.payment import errors
from tiketi_platform.sandbox.toss.behaviour import Behaviour


async def mixed(saga: Saga, *, points: int = 1_000, card: int = 2_000) -> int:
    await saga.grant(5_000)
    saga.directory.put(1, price=points + card)
    return (await saga.pay(1, points=points, card=card)).payment.id


async def test_card_money_goes_back_first_and_points_after(saga: Saga):
    payment_id = await mixed(saga)
    first = await saga.refund(payment_id, amount=1_500)
    assert (first.card, first.points, first.status) == (1_500, 0, "COMPLETED")
    second = await saga.refund(payment_id, amount=1_000)
    assert (second.card, second.points) == (500, 500)
    payment = await saga.books.payment(PaymentId(payment_id))
    assert payment is not None
    assert (payment.status, payment.refunded_card, payment.refunded_points) == (
        "PARTIALLY_REFUNDED",
        2_000,
        500,
    )
    third = await saga.refund(payment_id)
    assert (third.card, third.points) == (0, 500)
    payment = await saga.books.payment(PaymentId(payment_id))
    assert payment is not None
    assert payment.status == "REFUNDED"
    assert await saga.wallet() == (5_000, 0)
    with pytest.raises(errors.PaymentNotRefundableError):
        await saga.refund(payment_id)
    assert (await saga.messages()).count("payment.refunded") == 3
    await saga.assert_books_balance()


async def test_more_than_is_left_changes_nothing(saga: Saga):
    payment_id = await mixed(saga)
    with pytest.raises(errors.RefundTooLargeError):
        await saga.refund(payment_id, amount=3_001)
    with pytest.raises(errors.PaymentNotFoundError):
        await saga.refund(payment_id + 1_000)
    assert await saga.database.fetchval("SELECT count(*) FROM refunds") == 0
    await saga.assert_books_balance()


async def test_many_refunds_at_once_never_exceed_the_payment(saga: Saga):
    payment_id = await mixed(saga)
    results = await asyncio.gather(
        *(saga.refund(payment_id, amount=700) for _ in range(12)), return_exceptions=True
    )
    given = [result for result in results if not isinstance(result, BaseException)]
    refused = [result for result in results if isinstance(result, errors.RefundTooLargeError)]
    assert (len(given), len(refused)) == (4, 8)
    await saga.assert_books_balance()


async def test_one_key_gives_back_once(saga: Saga):
    payment_id = await mixed(saga)
    first = await saga.refund(payment_id, amount=100, key="r")
    assert await saga.refund(payment_id, amount=100, key="r") == first
    with pytest.raises(errors.IdempotencyKeyReusedError):
        await saga.refund(payment_id, amount=101, key="r")
    await saga.assert_books_balance()


async def test_bought_points_are_taken_back_if_they_are_still_there(saga: Saga):
    bought = (await saga.buy(2_000)).payment.id
    refund = await saga.refund(bought, amount=500)
    assert (refund.card, refund.points, await saga.wallet()) == (500, 0, (1_500, 0))
    saga.directory.put(1, price=1_200)
    await saga.pay(1, points=1_200)
    with pytest.raises(errors.PaymentNotRefundableError):
        await saga.refund(bought)
    assert (await saga.refund(bought, amount=300)).status == "COMPLETED"
    assert await saga.wallet() == (0, 0)
    await saga.assert_books_balance()


async def test_a_silent_gateway_leaves_a_refund_the_recovery_finishes(saga: Saga):
    payment_id = await mixed(saga)
    assert saga.sandbox is not None
    saga.sandbox.gateway.behaviour = Behaviour(latency_ms=2_000)
    refund = await saga.refund(payment_id, key="r")
    assert refund.status == "PENDING"
    with pytest.raises(errors.IdempotencyInFlightError):
        await saga.refund(payment_id, key="r")
    saga.sandbox.gateway.behaviour = Behaviour()
    await saga.recover_all()
    assert (await saga.refund(payment_id, key="r")).status == "COMPLETED"
    await saga.assert_books_balance()


async def test_money_given_back_by_hand_at_the_gateway_ends_the_refund(saga: Saga):
    payment_id = await mixed(saga)
    payment = await saga.books.payment(PaymentId(payment_id))
    assert payment is not None
    assert payment.payment_key is not None
    await saga.gateway.cancel(
        payment_key=payment.payment_key, amount_won=2_000, reason="by hand", idempotency_key="h"
    )
    assert (await saga.refund(payment_id)).status == "COMPLETED"
    await saga.assert_books_balance()


async def test_what_the_gateway_will_never_give_back_is_refused_for_good(saga: Saga):
    payment_id = await mixed(saga)
    payment = await saga.books.payment(PaymentId(payment_id))
    assert payment is not None
    assert payment.payment_key is not None
    await saga.gateway.cancel(
        payment_key=payment.payment_key, amount_won=1_500, reason="by hand", idempotency_key="h"
    )
    for _ in range(2):
        with pytest.raises(errors.PaymentNotRefundableError):
            await saga.refund(payment_id, amount=2_000, key="r")
    assert await saga.database.fetchval("SELECT status FROM refunds") == "REFUSED"
    assert (await saga.refund(payment_id, amount=1_500)).status == "COMPLETED"


async def test_a_message_refunds_the_whole_payment_once(saga: Saga):
    payment_id = await mixed(saga)
    await saga.refund(payment_id, amount=100)
    message = Message(MessageId(str(uuid.uuid4())), "reservation.refused", {}, 0, "req-9")
    other = Message(MessageId(str(uuid.uuid4())), "reservation.cancelled", {}, 0)
    for _ in range(2):
        await saga.books.begin_whole_refunds(
            [message, other, message], lambda _: (PaymentId(payment_id), "reservation expired")
        )
    assert await saga.database.fetchval("SELECT count(*) FROM refunds") == 2
    assert await saga.recover() == 1
    payment = await saga.books.payment(PaymentId(payment_id))
    assert payment is not None
    assert payment.status == "REFUNDED"
    assert await saga.wallet() == (5_000, 0)
    await saga.assert_books_balance()


async def test_a_message_about_nothing_changes_nothing(saga: Saga):
    message = Message(MessageId(str(uuid.uuid4())), "reservation.refused", {}, 0)
    await saga.books.begin_whole_refunds([message], lambda _: (PaymentId(404), "expired"))
    assert await saga.database.fetchval("SELECT count(*) FROM refunds") == 0
