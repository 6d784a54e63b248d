"""The sandbox gateway can be told to misbehave, says what it holds, and posts webhooks."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import orjson
import pytest
from aiohttp import web

from tiketi_platform.sandbox.ports import TOSS_SECRET_KEY
from tiketi_platform.sandbox.serving import serving
from tiketi_platform.sandbox.toss.server import TossSandbox, running_toss_sandbox

AUTH = {"Authorization": "Basic " + base64.b64encode(f"{TOSS_SECRET_KEY}:".encode()).decode()}


class Receiver:
    """A merchant's webhook endpoint that fails the first `failures_count` times."""

    def __init__(self) -> None:
        self.failures_count = 0
        self.taken: list[tuple[bytes, dict[str, str]]] = []

    async def take(self, request: web.Request) -> web.Response:
        if self.failures_count:
            self.failures_count -= 1
            return web.Response(status=503)
        self.taken.append(
            (await request.read(), {k.lower(): v for k, v in request.headers.items()})
        )
        return web.Response()


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[TossSandbox]:
    async with running_toss_sandbox(data_dir=tmp_path, port=0) as running:
        yield running


@pytest.fixture
async def session(sandbox: TossSandbox) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(sandbox.url, headers=AUTH) as opened:
        yield opened


async def confirm(
    session: aiohttp.ClientSession, order: str, token: str = "toss_token_ok", **headers: str
) -> tuple[int, dict]:
    body = {"paymentKey": token, "orderId": order, "amount": 1_000}
    async with session.post("/v1/payments/confirm", json=body, headers=headers) as response:
        return response.status, await response.json()


async def test_behaviour_applies_to_the_next_approvals_only(session: aiohttp.ClientSession):
    told = {"decline_next_count": 2, "error_next_count": 1}
    async with session.put("/sandbox/behaviour", json=told) as response:
        assert response.status == 200
    statuses = [(await confirm(session, f"order-{n}"))[0] for n in range(4)]
    assert statuses == [403, 403, 500, 200]


@pytest.mark.parametrize("told", [{"latency_ms": -1}, {"latency_ms": "1"}, {"unknown": 1}, []])
async def test_nonsense_behaviour_is_refused(session: aiohttp.ClientSession, told):
    async with session.put("/sandbox/behaviour", json=told) as response:
        assert response.status == 400


async def test_the_test_code_header_reproduces_an_error(session: aiohttp.ClientSession):
    header = {"TossPayments-Test-Code": "INVALID_STOPPED_CARD"}
    status, answer = await confirm(session, "order-1", **header)
    assert (status, answer["code"]) == (400, "INVALID_STOPPED_CARD")


async def test_totals_and_pages_agree(session: aiohttp.ClientSession):
    payments = [(await confirm(session, f"order-{n}"))[1] for n in range(7)]
    await confirm(session, "order-x", "toss_token_declined")
    cancel = {"cancelReason": "r", "cancelAmount": 300}
    async with session.post(
        f"/v1/payments/{payments[0]['paymentKey']}/cancel", json=cancel
    ) as answer:
        assert (await answer.json())["status"] == "PARTIAL_CANCELED"
    async with session.get("/sandbox/totals") as response:
        totals = await response.json()
    rows: list[dict] = []
    after: int | None = 0
    while after is not None:
        async with session.get(f"/sandbox/payments?limit=3&after={after}") as response:
            page = await response.json()
        rows += page["payments"]
        after = page["next_after"]
    assert totals["kept_won"] == sum(row["balance_won"] for row in rows) == 6_700
    assert (len(rows), totals["declined_count"]) == (8, 1)


async def test_the_control_endpoints_need_the_key(sandbox: TossSandbox):
    async with aiohttp.ClientSession(sandbox.url) as stranger:
        for path in ("/sandbox/payments", "/sandbox/totals", "/sandbox/behaviour"):
            async with stranger.get(path) as response:
                assert response.status == 401


async def test_webhooks_are_repeated_retried_and_unsigned_as_the_real_ones(
    sandbox: TossSandbox, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
):
    # Retries without their pauses.
    monkeypatch.setattr("tiketi_platform.sandbox.toss.webhooks.RETRY_DELAYS_S", (0.0,) * 4)
    receiver = Receiver()
    app = web.Application()
    app.add_routes([web.post("/hook", receiver.take)])
    async with serving(app, host="127.0.0.1", port=0) as url:
        sandbox.gateway.behaviour.webhook_url = f"{url}/hook"
        receiver.failures_count = 2
        await confirm(session, "order-1")
        await confirm(session, "order-2", "toss_token_duplicate_webhook")
        await confirm(session, "order-3", "toss_token_no_webhook")
        await asyncio.wait_for(sandbox.gateway.webhooks.drained(), 5)
    notices = [orjson.loads(body) for body, _ in receiver.taken]
    assert {notice["eventType"] for notice in notices} == {"PAYMENT_STATUS_CHANGED"}
    assert sorted(n["data"]["orderId"] for n in notices) == ["order-1", "order-2", "order-2"]
    assert (
        len({headers["tosspayments-webhook-transmission-id"] for _, headers in receiver.taken}) == 2
    )
    assert not any("tosspayments-webhook-signature" in headers for _, headers in receiver.taken)
