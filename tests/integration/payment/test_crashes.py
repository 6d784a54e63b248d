"""kill -9 between each pair of steps of a payment and a refund: afterwards every won is where it belongs."""

import asyncio

import pytest

from tests.doomed import dies, doomed
from tests.engines import Database as OneDatabase
from tests.integration.payment.saga import Saga
from tiketi_core.kernel.ids import UserId
from tiketi_core.payment import errors

# Dying before a step is dying after the one before it, so each gap is met once.
STEPS = [
    "begin:after",
    "approve:after",
    "complete:after",
    "begin_refund:after",
    "cancel:after",
    "complete_refund:after",
    "abort:before",
    "abort:after",
    "fail:before",
    "fail:after",
]
PROGRAM = "tests.integration.payment.doomed"


@pytest.mark.parametrize("step", STEPS)
async def test_a_process_that_dies_between_two_steps_loses_nothing(
    saga: Saga, postgres: OneDatabase, step: str
):
    assert saga.sandbox is not None
    await dies(PROGRAM, postgres.dsn("payment"), saga.sandbox.url, step)
    saga.directory.put(1)
    saga.directory.put(2, status="EXPIRED")
    await saga.recover_all()
    await saga.assert_books_balance()
    # The client that got no answer repeats its request, and pays once all the same.
    if not step.startswith(("abort", "fail")):
        paid = await saga.pay(1, points=400, card=600, key="pay")
        assert paid.payment.status == "COMPLETED"
        await saga.refund(paid.payment.id, amount=700, key="refund")
        assert await saga.wallet() == (49_700, 0)
        with pytest.raises(errors.RefundTooLargeError):
            await saga.refund(paid.payment.id, amount=301)
    await saga.assert_books_balance()


async def test_processes_killed_under_load_leave_books_that_balance(
    saga: Saga, postgres: OneDatabase
):
    assert saga.sandbox is not None
    for delay_s in (0.4, 0.7, 1.1):
        async with doomed(PROGRAM, postgres.dsn("payment"), saga.sandbox.url, "load") as process:
            assert process.stdout is not None
            assert await process.stdout.readline() == b"loaded\n"
            await asyncio.sleep(delay_s)
            process.kill()
    # What the dead had reserved counts as payable: whatever the gateway charged is completed.
    for row in await saga.database.fetch(
        "SELECT user_id, reservation_id, total_price FROM payments WHERE status = 'PENDING'"
        " AND reservation_id IS NOT NULL"
    ):
        saga.directory.put(row["reservation_id"], user=row["user_id"], price=row["total_price"])
    await saga.recover_all()
    await saga.assert_books_balance()
    counts = {
        row["status"]: row["n"]
        for row in await saga.database.fetch(
            "SELECT status, count(*) AS n FROM payments GROUP BY status"
        )
    }
    assert counts["COMPLETED"] > 0
    assert counts["FAILED"] > 0
    for user in range(1, 21):
        wallet, _ = await saga.statements.balance(UserId(user), limit=1)
        assert wallet.held == 0
