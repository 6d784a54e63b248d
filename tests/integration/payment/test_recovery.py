"""What happens to payments whose process died, whose gateway was silent, whose reservation ended."""

import asyncio

import pytest

from tests.integration.payment.saga import EVENT, Clock, Directory, Saga
from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.ids import ReservationId, UserId
from tiketi_core.payment import errors
from tiketi_core.payment.model import Draft, Payment, Policy
from tiketi_platform.sandbox.toss.behaviour import Behaviour


async def begun(
    saga: Saga, *, token: str = "toss_token_ok", approve: bool = False, key: str = "k"
) -> Payment:
    """A mixed payment whose process went away after it began, or after the card was charged."""
    await saga.grant(500)
    saga.directory.put(1)
    draft = Draft(
        user_id=UserId(1),
        purpose="TICKETS",
        reservation_id=ReservationId(1),
        event_id=EVENT,
        total_price=1_000,
        point_used=500,
        card_amount=500,
        pg_token=token,
        request_id="req-1",
    )
    caller = saga.caller(1, key=key, operation="payments.create")
    settled = (await saga.books.begin(draft, caller.key)).settled
    assert settled is not None
    if approve:
        await saga.gateway.approve(
            pg_token=token, order_id=settled.payment.order_id, amount_won=500
        )
    return settled.payment


async def status(saga: Saga, payment: Payment) -> tuple[str, str | None]:
    found = await saga.books.payment(payment.id)
    assert found is not None
    return found.status, found.failure_code


@pytest.mark.parametrize("approve", [False, True])
async def test_a_payment_left_open_is_completed(saga: Saga, approve: bool):
    payment = await begun(saga, approve=approve)
    assert await saga.recover() == 1
    assert await status(saga, payment) == ("COMPLETED", None)
    assert await saga.wallet() == (0, 0)
    assert await saga.recover() == 0
    await saga.assert_books_balance()


async def test_a_declined_card_ends_it(saga: Saga):
    payment = await begun(saga, token="toss_token_declined")
    await saga.recover()
    assert await status(saga, payment) == ("FAILED", "card_declined")
    assert await saga.wallet() == (500, 0)
    await saga.assert_books_balance()


async def test_a_charge_for_a_reservation_that_ended_goes_back_to_the_card(saga: Saga):
    payment = await begun(saga, approve=True)
    saga.directory.put(1, status="EXPIRED")
    await saga.recover()
    assert await status(saga, payment) == ("FAILED", "reservation_not_payable")
    assert await saga.wallet() == (500, 0)
    assert await saga.messages() == ["payment.failed"]
    await saga.assert_books_balance()


async def test_a_card_is_not_charged_for_a_reservation_that_ended(saga: Saga):
    payment = await begun(saga)
    saga.directory.put(1, status="EXPIRED")
    await saga.recover()
    assert await status(saga, payment) == ("PENDING", None)
    saga.clock.ahead_ms = saga.policy.confirm_window_ms
    await saga.recover()
    assert await status(saga, payment) == ("FAILED", "gateway_unavailable")
    assert saga.sandbox is not None
    assert saga.sandbox.gateway.ledger.totals.approved_count == 0
    await saga.assert_books_balance()


async def test_nobody_is_judged_while_the_reservation_service_is_away(saga: Saga):
    payment = await begun(saga, approve=True)
    saga.directory.error = UnavailableError()
    with pytest.raises(UnavailableError):
        await saga.recover()
    assert await status(saga, payment) == ("PENDING", None)
    saga.directory.error = None
    await saga.recover()
    assert await status(saga, payment) == ("COMPLETED", None)


async def test_an_abort_whose_cancel_was_lost_is_finished_and_never_completed(saga: Saga):
    payment = await begun(saga, approve=True)
    saga.directory.put(1, status="CANCELLED")
    assert saga.sandbox is not None
    saga.sandbox.gateway.behaviour = Behaviour(latency_ms=2_000)
    approval = await saga.gateway.find(order_id=payment.order_id)
    assert approval is not None
    await saga.settlement._settle(payment, approval)
    assert (await status(saga, payment))[0] == "PENDING"
    settled = await saga.books.complete(payment.id, payment_key=approval.payment_key)
    assert settled.payment.status == "PENDING"
    saga.sandbox.gateway.behaviour = Behaviour()
    await saga.recover_all()
    assert await status(saga, payment) == ("FAILED", "reservation_not_payable")
    await saga.assert_books_balance()


async def test_a_charge_that_shows_up_after_the_failure_goes_back(saga: Saga):
    payment = await begun(saga)
    saga.clock.ahead_ms = saga.policy.confirm_window_ms
    await saga.recover()
    await saga.gateway.approve(pg_token="toss_token_ok", order_id=payment.order_id, amount_won=500)
    failed = await saga.books.payment(payment.id)
    assert failed is not None
    await saga.settlement.look(failed)
    await saga.assert_books_balance()


async def test_two_recoveries_never_get_the_same_payment(saga: Saga):
    saga.policy = Policy(lease_ms=0)
    for number in range(20):
        saga.directory.put(number)
        settled = await saga.pay(number, card=1_000, token="toss_token_error_500")
        assert settled.payment.status == "PENDING"
    claims = await asyncio.gather(
        *(saga.books.claim_payments(lease_ms=60_000, limit=7) for _ in range(6))
    )
    ids = [payment.id for claim in claims for payment in claim]
    assert (len(ids), len(set(ids))) == (20, 20)
    assert await saga.books.claim_payments(lease_ms=60_000, limit=7) == []


async def test_settling_at_once_from_everywhere_settles_once(saga: Saga):
    payment = await begun(saga, approve=True)
    await asyncio.gather(
        *(saga.settlement.look(payment) for _ in range(10)),
        *(saga.settlement.recover(payment) for _ in range(10)),
    )
    assert await saga.messages() == ["payment.completed"]
    await saga.assert_books_balance()


async def test_completing_and_giving_back_at_once_agree_with_the_gateway(saga: Saga):
    """One process finds the reservation payable, the other finds it gone, at the same moment."""
    payment = await begun(saga, approve=True)
    gone = Saga(
        saga.database,
        saga.gateway,
        saga.sandbox,
        directory=Directory(),
        clock=Clock(),
        policy=saga.policy,
    )
    await asyncio.gather(
        *(saga.settlement.look(payment) for _ in range(5)),
        *(gone.settlement.look(payment) for _ in range(5)),
    )
    await saga.recover()
    await saga.assert_books_balance()


async def test_a_freed_key_begins_afresh(saga: Saga):
    await begun(saga)
    saga.clock.ahead_ms = saga.policy.confirm_window_ms
    await saga.recover()
    key = saga.caller(1, key="k", operation="payments.create").key
    assert await saga.books.answer(key) is None
    saga.clock.ahead_ms = 0
    assert (await saga.pay(1, card=1_000, key="k")).payment.status == "COMPLETED"


async def test_the_history_cannot_be_rewritten(saga: Saga):
    await saga.grant(500)
    for statement in (
        "UPDATE point_histories SET amount = 1",
        "DELETE FROM point_histories",
        "TRUNCATE point_histories",
    ):
        with pytest.raises(Exception, match=r"permission denied|append-only"):
            await saga.database.execute(statement)


async def test_granting_is_once_per_user_and_reference(saga: Saga):
    users = [UserId(n) for n in range(1, 1_001)]
    granted = await asyncio.gather(
        saga.books.grant(users, amount=10, reference="r"),
        saga.books.grant(users[::-1], amount=10, reference="r"),
    )
    assert sum(granted) == 1_000
    assert await saga.books.grant(users[:2], amount=10, reference="s") == 2
    assert await saga.database.fetchval("SELECT sum(balance) FROM points") == 10_020
    await saga.assert_books_balance()


async def test_histories_are_paged_newest_first(saga: Saga):
    for number in range(5):
        await saga.grant(10 + number, reference=f"r{number}")
    first = await saga.statements.histories(UserId(1), below_id=2**62, limit=3)
    rest = await saga.statements.histories(UserId(1), below_id=first[-1].id, limit=3)
    assert [line.amount for line in (*first, *rest)] == [14, 13, 12, 11, 10]
    assert first[0].balance_after == 60


async def test_old_answers_are_forgotten_and_open_ones_are_not(saga: Saga):
    await begun(saga)
    saga.directory.put(2)
    await saga.pay(2, card=1_000, key="done")
    assert await saga.books.prune_answers(older_than_s=60, limit=10) == 0
    assert await saga.books.prune_answers(older_than_s=0, limit=10) == 1
    open_key = saga.caller(1, key="k", operation="payments.create").key
    with pytest.raises(errors.IdempotencyInFlightError):
        await saga.books.answer(open_key)
