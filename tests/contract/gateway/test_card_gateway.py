"""The contract of the card gateway port: what the payment saga may rely on."""

import asyncio
import base64
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.waiting import until
from tiketi_core.payment.gateway import (
    CancelRefusedError,
    CardDeclinedError,
    GatewayRefusedError,
    GatewayUnknownError,
    GatewayUnreachableError,
)
from tiketi_platform.adapters.toss import TossGateway, TossSettings
from tiketi_platform.sandbox.ports import TOSS_SECRET_KEY
from tiketi_platform.sandbox.toss.behaviour import Behaviour
from tiketi_platform.sandbox.toss.server import TossSandbox, running_toss_sandbox

AUTH = "Basic " + base64.b64encode(f"{TOSS_SECRET_KEY}:".encode()).decode()


async def approve(gateway: TossGateway, token: str = "toss_token_ok", order: str = "order-1"):
    return await gateway.approve(pg_token=token, order_id=order, amount_won=15_000)


async def test_an_approved_card_is_charged_and_found(gateway: TossGateway):
    approval = await approve(gateway)
    assert (approval.order_id, approval.amount_won, approval.balance_won) == (
        "order-1",
        15_000,
        15_000,
    )
    assert approval.payment_key != "toss_token_ok"
    assert await gateway.find(order_id="order-1") == approval


async def test_one_token_pays_many_orders_with_keys_of_their_own(gateway: TossGateway):
    orders = [f"order-{n}" for n in range(20)]
    approvals = await asyncio.gather(*(approve(gateway, order=order) for order in orders))
    assert len({approval.payment_key for approval in approvals}) == 20


async def test_approving_again_is_the_same_charge(gateway: TossGateway, sandbox: TossSandbox):
    first = await approve(gateway)
    assert await approve(gateway) == first
    assert sandbox.gateway.ledger.totals.approved_won == 15_000


async def test_fifty_at_once_charge_once(gateway: TossGateway, sandbox: TossSandbox):
    results = await asyncio.gather(*(approve(gateway) for _ in range(50)))
    assert len(set(results)) == 1
    assert sandbox.gateway.ledger.totals.approved_count == 1


async def test_a_repeat_while_the_first_is_under_way_is_unknown(
    gateway: TossGateway, sandbox: TossSandbox
):
    sandbox.gateway.behaviour = Behaviour(latency_ms=500)
    results = await asyncio.gather(*(approve(gateway) for _ in range(2)), return_exceptions=True)
    unknown = [result for result in results if isinstance(result, GatewayUnknownError)]
    assert [error.gateway_code for error in unknown] == ["IDEMPOTENT_REQUEST_PROCESSING"]
    assert (await approve(gateway)).amount_won == 15_000
    assert sandbox.gateway.ledger.totals.approved_count == 1


async def test_an_order_of_another_amount_is_not_taken_for_this_one(gateway: TossGateway):
    await approve(gateway)
    with pytest.raises(GatewayUnknownError):
        await gateway.approve(pg_token="toss_token_ok", order_id="order-1", amount_won=1)


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("toss_token_declined", "REJECT_CARD_COMPANY"),
        ("toss_token_insufficient_funds", "REJECT_CARD_PAYMENT"),
        ("toss_token_stopped_card", "INVALID_STOPPED_CARD"),
        ("toss_token_expired_session", "NOT_FOUND_PAYMENT_SESSION"),
        ("a_token_nobody_made", "NOT_FOUND_PAYMENT_SESSION"),
    ],
)
async def test_a_declined_card_is_not_charged(gateway: TossGateway, token: str, code: str):
    for _ in range(2):
        with pytest.raises(CardDeclinedError) as declined:
            await approve(gateway, token)
        assert declined.value.gateway_code == code
        assert declined.value.detail
    assert await gateway.find(order_id="order-1") is None


@pytest.mark.parametrize(
    "token",
    [
        "toss_token_timeout_after_success",
        "toss_token_error_500_after_success",
        "toss_token_disconnect_after_success",
    ],
)
async def test_a_lost_answer_is_unknown_and_the_charge_is_found(
    gateway: TossGateway, impatient: TossGateway, token: str
):
    with pytest.raises(GatewayUnknownError):
        await approve(impatient, token)
    found = await gateway.find(order_id="order-1")
    assert found is not None
    assert found.balance_won == 15_000
    assert await approve(gateway, token) == found


@pytest.mark.parametrize("token", ["toss_token_timeout", "toss_token_error_500"])
async def test_a_failure_before_the_charge_is_unknown_and_nothing_is_found(
    gateway: TossGateway, impatient: TossGateway, token: str
):
    with pytest.raises(GatewayUnknownError):
        await approve(impatient, token)
    assert await gateway.find(order_id="order-1") is None


async def test_a_passing_failure_heals_by_repeating(gateway: TossGateway):
    with pytest.raises(GatewayUnknownError):
        await approve(gateway, "toss_token_error_500_once")
    assert (await approve(gateway, "toss_token_error_500_once")).amount_won == 15_000


async def test_a_slow_card_is_charged_after_we_stopped_waiting(
    gateway: TossGateway, impatient: TossGateway
):
    with pytest.raises(GatewayUnknownError):
        await approve(impatient, "toss_token_slow")
    await until(lambda: gateway.find(order_id="order-1"))


async def test_a_wrong_key_is_refused_and_charges_nothing(
    gateway: TossGateway, sandbox: TossSandbox
):
    async with TossGateway(TossSettings("test_sk_wrong", base_url=sandbox.url)) as stranger:
        with pytest.raises(GatewayRefusedError) as refused:
            await approve(stranger)
        with pytest.raises(GatewayRefusedError):
            await stranger.find(order_id="order-1")
    assert refused.value.gateway_code == "UNAUTHORIZED_KEY"
    assert await gateway.find(order_id="order-1") is None


async def test_a_gateway_that_is_not_there_is_unreachable():
    with socket.socket() as taken:  # bound, so that nobody else gets it, and not listening
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with TossGateway(TossSettings("test_sk_x", base_url=url)) as gateway:
            with pytest.raises(GatewayUnreachableError):
                await approve(gateway)


async def test_cancelling_in_parts_leaves_the_balance(gateway: TossGateway):
    key = (await approve(gateway)).payment_key
    part = await gateway.cancel(
        payment_key=key, amount_won=5_000, reason="고객 요청", idempotency_key="c1"
    )
    assert (part.amount_won, part.balance_won) == (5_000, 10_000)
    rest = await gateway.cancel(
        payment_key=key, amount_won=10_000, reason="고객 요청", idempotency_key="c2"
    )
    assert rest.balance_won == 0
    found = await gateway.find(order_id="order-1")
    assert found is not None
    assert (found.cancelled_won, found.amount_won) == (15_000, 15_000)


async def test_cancelling_twice_with_one_key_gives_back_once(
    gateway: TossGateway, sandbox: TossSandbox
):
    key = (await approve(gateway)).payment_key
    request = {"payment_key": key, "amount_won": 4_000, "reason": "r", "idempotency_key": "same"}
    first = await gateway.cancel(**request)
    await gateway.cancel(payment_key=key, amount_won=1_000, reason="r", idempotency_key="other")
    assert await gateway.cancel(**request) == first
    assert sandbox.gateway.ledger.totals.cancelled_won == 5_000


async def test_more_than_is_left_is_refused(gateway: TossGateway):
    key = (await approve(gateway)).payment_key
    with pytest.raises(CancelRefusedError) as too_much:
        await gateway.cancel(payment_key=key, amount_won=15_001, reason="r", idempotency_key="c1")
    assert too_much.value.gateway_code == "NOT_CANCELABLE_AMOUNT"
    await gateway.cancel(payment_key=key, amount_won=15_000, reason="r", idempotency_key="c2")
    with pytest.raises(CancelRefusedError) as again:
        await gateway.cancel(payment_key=key, amount_won=15_000, reason="r", idempotency_key="c3")
    assert again.value.gateway_code == "ALREADY_CANCELED_PAYMENT"
    with pytest.raises(CancelRefusedError):
        await gateway.cancel(payment_key="nothing", amount_won=1, reason="r", idempotency_key="c4")


async def test_a_restart_keeps_payments_cancellations_and_answers(tmp_path: Path):
    @asynccontextmanager
    async def opened() -> AsyncIterator[tuple[TossSandbox, TossGateway]]:
        async with (
            running_toss_sandbox(data_dir=tmp_path, port=0) as sandbox,
            TossGateway(TossSettings(TOSS_SECRET_KEY, base_url=sandbox.url)) as gateway,
        ):
            yield sandbox, gateway

    async with opened() as (sandbox, gateway):
        first = await approve(gateway)
        cancelled = await gateway.cancel(
            payment_key=first.payment_key, amount_won=1, reason="r", idempotency_key="c1"
        )
        with pytest.raises(CardDeclinedError):
            await approve(gateway, "toss_token_declined", "order-2")
    with (tmp_path / "toss.jsonl").open("ab") as journal:
        journal.write(b'{"op":"attempt","key":"tor')
    async with opened() as (sandbox, gateway):
        assert await approve(gateway) == first
        again = await gateway.cancel(
            payment_key=first.payment_key, amount_won=1, reason="r", idempotency_key="c1"
        )
        assert again == cancelled
        found = await gateway.find(order_id="order-1")
        assert found is not None
        assert found.balance_won == 14_999
        assert (await approve(gateway, order="order-3")).amount_won == 15_000
        assert sandbox.gateway.ledger.totals.approved_won == 30_000
    async with running_toss_sandbox(data_dir=tmp_path, port=0) as sandbox:
        assert [payment.order_id for payment in sandbox.gateway.ledger] == [
            "order-1",
            "order-2",
            "order-3",
        ]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"paymentKey":"toss_token_ok","orderId":"order-1","amount":"1"}',
        b'{"paymentKey":"toss_token_ok","orderId":"order-1","amount":true}',
        b'{"paymentKey":"toss_token_ok","orderId":"order-1","amount":0}',
        b'{"paymentKey":"toss_token_ok","orderId":"order-1","amount":1000000001}',
        b'{"paymentKey":"toss_token_ok","orderId":"short","amount":1}',
        b'{"paymentKey":"","orderId":"order-1","amount":1}',
    ],
)
async def test_a_malformed_confirm_is_refused_with_the_real_code(sandbox: TossSandbox, body: bytes):
    async with (
        aiohttp.ClientSession(headers={"Authorization": AUTH}) as session,
        session.post(f"{sandbox.url}/v1/payments/confirm", data=body) as response,
    ):
        assert response.status == 400
        assert (await response.json())["code"] == "INVALID_REQUEST"


async def test_an_overlong_idempotency_key_is_refused(sandbox: TossSandbox):
    body = {"paymentKey": "toss_token_ok", "orderId": "order-1", "amount": 1}
    headers = {"Authorization": AUTH, "Idempotency-Key": "k" * 301}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{sandbox.url}/v1/payments/confirm", json=body) as response,
    ):
        assert (response.status, (await response.json())["code"]) == (
            400,
            "INVALID_IDEMPOTENCY_KEY",
        )
