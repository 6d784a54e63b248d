"""Giving money back: in parts, at once, by message, and with a gateway that fails."""

import asyncio
import uuid

import pytest

from tests.engines import Database
from tests.integration.payment.saga import Saga
from tests.waiting import until
from tiketi_core.kernel.ids import MessageId, PaymentId
from tiketi_core.kernel.message import Message
from tiketi_core.payment import errors
from tiketi_core.payment.gateway import Approval, Cancellation, CancelRefusedError
from tiketi_core.payment.ports import CardGateway
from tiketi_core.payment.use_cases import Refunds
from tiketi_platform.adapters.postgres.migrate import migrate
from tiketi_platform.sandbox.toss.behaviour import Behaviour


class Declining:
    """The gateway, which declines the cancellations with these keys for as long as they are here."""

    def __init__(self, inner: CardGateway) -> None:
        self._inner = inner
        self.keys: set[str] = set()

    async def approve(self, *, pg_token: str, order_id: str, amount_won: int) -> Approval:
        return await self._inner.approve(
            pg_token=pg_token, order_id=order_id, amount_won=amount_won
        )

    async def find(self, *, order_id: str) -> Approval | None:
        return await self._inner.find(order_id=order_id)

    async def cancel(
        self, *, payment_key: str, amount_won: int, reason: str, idempotency_key: str
    ) -> Cancellation:
        if idempotency_key in self.keys:
            raise CancelRefusedError("no", gateway_code="NOT_CANCELABLE_PAYMENT")
        return await self._inner.cancel(
            payment_key=payment_key,
            amount_won=amount_won,
            reason=reason,
            idempotency_key=idempotency_key,
        )


@pytest.fixture
def declining(saga: Saga) -> Declining:
    """Between the saga's refunds and its gateway."""
    gateway = Declining(saga.gateway)
    saga.refunds = Refunds(saga.books, gateway, alarms=saga.heard, policy=saga.policy)
    return gateway


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


async def begun(saga: Saga, payment_id: int, amount: int) -> int:
    """A refund whose process died before it asked the gateway."""
    key = saga.caller(99, operation="payments.refund").key
    started = await saga.books.begin_refund(
        PaymentId(payment_id), amount=amount, reason="because", key=key, request_id="req-1"
    )
    assert started.refund is not None
    return started.refund.id


async def status(saga: Saga, refund_id: int) -> str:
    found: str = await saga.database.fetchval("SELECT status FROM refunds WHERE id = $1", refund_id)
    return found


async def test_one_refund_does_not_pass_off_anothers_money_as_its_own(
    saga: Saga, declining: Declining
):
    payment_id = await mixed(saga, points=0, card=100)
    payment = await saga.books.payment(PaymentId(payment_id))
    assert payment is not None
    assert payment.payment_key is not None
    first, second = await begun(saga, payment_id, 30), await begun(saga, payment_id, 30)
    # The first went back to the card, and its process died before the books knew.
    await saga.gateway.cancel(
        payment_key=payment.payment_key,
        amount_won=30,
        reason="because",
        idempotency_key=f"refund-{first}",
    )
    declining.keys = {f"refund-{second}"}
    (late,) = [each for each in await saga.refunds.claim() if each.id == second]
    assert (await saga.refunds.finish(late)).status == "PENDING"
    await saga.recover_all()
    assert (await status(saga, first), await status(saga, second)) == ("COMPLETED", "REFUSED")
    await saga.assert_books_balance()


async def test_refunds_that_are_both_declined_come_to_an_end(saga: Saga, declining: Declining):
    payment_id = await mixed(saga, points=0, card=100)
    payment = await saga.books.payment(PaymentId(payment_id))
    assert payment is not None
    assert payment.payment_key is not None
    both = [await begun(saga, payment_id, 30), await begun(saga, payment_id, 30)]
    await saga.gateway.cancel(
        payment_key=payment.payment_key, amount_won=40, reason="by hand", idempotency_key="h"
    )
    declining.keys = {f"refund-{refund_id}" for refund_id in both}
    await saga.recover_all()
    assert sorted([await status(saga, each) for each in both]) == ["COMPLETED", "REFUSED"]


async def test_what_a_message_asks_for_is_owed_however_often_the_gateway_declines(
    saga: Saga, declining: Declining
):
    payment_id = await mixed(saga)
    message = Message(MessageId(str(uuid.uuid4())), "reservation.cancelled", {}, 0)
    await saga.books.begin_whole_refunds([message], lambda _: (PaymentId(payment_id), "cancelled"))
    refund_id = await saga.database.fetchval("SELECT id FROM refunds")
    declining.keys = {f"refund-{refund_id}"}
    for _ in range(2):
        await saga.recover()
        assert await status(saga, refund_id) == "PENDING"
        assert saga.heard.alarms.pop() == ("CancelRefusedError", "refund")
        assert (await saga.statements.under_way()).declined_count == 1
        # The gateway is left alone for a while, which ends here.
        assert list(await saga.refunds.claim()) == []
        await saga.database.execute("UPDATE refunds SET lease_until = NULL")
    declining.keys.clear()
    await saga.recover_all()
    assert await status(saga, refund_id) == "COMPLETED"
    assert await saga.wallet() == (5_000, 0)
    assert (await saga.statements.under_way()).declined_count == 0
    await saga.assert_books_balance()


async def test_what_an_old_replica_refused_during_the_upgrade_is_owed_after_it(
    saga: Saga, postgres: Database
):
    payment_ids = [await mixed(saga), (await saga.buy(2_000)).payment.id]
    owed = payment_ids[0]
    message = Message(MessageId(str(uuid.uuid4())), "reservation.cancelled", {}, 0)
    await saga.books.begin_whole_refunds([message], lambda _: (PaymentId(owed), "cancelled"))
    asked = await begun(saga, payment_ids[1], 500)
    # What the old release does with a refund that the gateway declines.
    await saga.database.execute("SELECT refuse_refund(id, 'no') FROM refunds")
    await migrate(postgres.dsn("payment"), "payment", phase="post")
    await saga.recover_all()
    rows = await saga.database.fetch("SELECT payment_id, status FROM refunds ORDER BY id")
    assert [tuple(row) for row in rows] == [(owed, "COMPLETED"), (payment_ids[1], "REFUSED")]
    assert await status(saga, asked) == "REFUSED"
    await saga.assert_books_balance()


async def test_wallets_are_locked_in_one_order(saga: Saga):
    payments: dict[object, PaymentId] = {}
    for user in (1, 2):
        await saga.grant(1_000, user=user)
        saga.directory.put(user, user=user)
        payments[user] = (await saga.pay(user, user=user, points=1_000)).payment.id
    messages = [
        Message(MessageId(str(uuid.uuid4())), "reservation.cancelled", {"user": user}, 0)
        for user in (2, 1)
    ]
    async with saga.database.transaction() as other:
        await other.execute("SELECT FROM points WHERE user_id = 1 FOR UPDATE")
        refunding = asyncio.create_task(
            saga.books.begin_whole_refunds(
                messages, lambda each: (PaymentId(payments[each.payload["user"]]), "cancelled")
            )
        )
        await until(lambda: waits_for_a_lock(saga))
        # Whoever waits for the first wallet has not taken the second.
        await other.execute("SELECT FROM points WHERE user_id = 2 FOR UPDATE NOWAIT")
    await refunding
    assert (await saga.wallet(1), await saga.wallet(2)) == ((1_000, 0), (1_000, 0))


async def waits_for_a_lock(saga: Saga) -> bool:
    waiting = await saga.database.fetchval(
        "SELECT EXISTS (SELECT FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database())"
    )
    return bool(waiting)
