"""The payment service over real HTTP: what clients see, replays, bad input, webhook, messages, exports."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.engines import Database as OneDatabase
from tests.services import Answer, Running, serving, settings_for
from tests.waiting import PATIENCE_S
from tiketi_core.kernel.ids import MessageId
from tiketi_core.kernel.message import Message
from tiketi_core.payment.errors import ReservationNotFoundError
from tiketi_platform.adapters.redis.bus import StreamBus
from tiketi_platform.adapters.redis.client import RedisClient
from tiketi_platform.adapters.tokens.signer import Signer
from tiketi_platform.framework.access import ENTRY_AUDIENCE
from tiketi_platform.framework.routing import bind
from tiketi_platform.framework.spec import ServiceSpec
from tiketi_platform.runtime.engines.valkey import ValkeyServer
from tiketi_platform.sandbox.ports import TOSS_SECRET_KEY
from tiketi_platform.sandbox.toss.behaviour import Behaviour
from tiketi_platform.sandbox.toss.server import TossSandbox
from tiketi_sdk.contract import reservation

EVENT_ID = 42
USER = 7


def held(number: int, *, user: int = USER, price: int = 1_000) -> reservation.Reservation:
    return reservation.Reservation(
        id=number,
        number="R-1",
        event_id=EVENT_ID,
        user_id=user,
        status="PENDING",
        total_price=price,
        seats=(),
        expires_at=datetime.now(UTC) + timedelta(minutes=5),
        created_at=datetime.now(UTC),
        version=1,
    )


async def _get(known, call):
    if call.body.reservation_id not in known:
        raise ReservationNotFoundError
    return known[call.body.reservation_id]


async def _ignore(_known, _messages):
    """Confirming is the reservation service's own business."""


class Client:
    """A user with an entry token, a reservation service that knows what the test says, and the engines."""

    def __init__(self, platform: Running, engine: OneDatabase, known: dict) -> None:
        self.platform, self.engine, self.known = platform, engine, known

    def entry(self, *, sub: str = str(USER), event_id: int = EVENT_ID) -> str:
        now_s = int(datetime.now(UTC).timestamp())
        return Signer.from_file(self.platform.settings.keys_dir / "queue.pem").sign(
            {"sub": sub, "event_id": event_id, "number": 1},
            audience=ENTRY_AUDIENCE,
            issued_at_s=now_s,
            expires_at_s=now_s + 60,
        )

    async def post(self, path: str, json: Any, *, key: str | None = None, **headers: str) -> Answer:
        headers.setdefault("Entry-Token", self.entry())
        return await self.platform.ask(
            "POST",
            "payment",
            path,
            token=self.platform.token(sub=str(USER)),
            json=json,
            headers={"Idempotency-Key": key or str(uuid.uuid4()), **headers},
        )

    async def admin(self, method: str, path: str, **kwargs: Any) -> Answer:
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return await self.platform.ask(
            method, "payment", path, token=self.platform.admin, headers=headers, **kwargs
        )

    async def get(self, path: str, *, sub: str = str(USER), **kwargs: Any) -> Answer:
        return await self.platform.ask(
            "GET", "payment", path, token=self.platform.token(sub=sub), **kwargs
        )

    async def sql(self, statement: str) -> Any:
        connection = await asyncpg.connect(self.engine.dsn("payment"))
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    async def until(self, path: str, status: str) -> Answer:
        async with asyncio.timeout(PATIENCE_S):
            for _ in range(1_000):
                answer = await self.get(path)
                if answer.body["status"] == status:
                    return answer
                await asyncio.sleep(0.05)
        raise AssertionError(status)


@pytest.fixture
async def client(
    postgres: OneDatabase, valkey: ValkeyServer, sandbox: TossSandbox, tmp_path: Path
) -> AsyncIterator[Client]:
    known: dict[int, reservation.Reservation] = {}
    reservations: ServiceSpec[Any, Any] = ServiceSpec(
        name="reservation",
        build=lambda _: known,
        routes=(bind(reservation.GET, _get),),
        uses_redis=True,
        listens={"payment.completed": _ignore},
    )
    settings = settings_for(postgres, valkey, tmp_path, toss_url=sandbox.url)
    (settings.secrets_dir / "toss-secret-key").write_text(TOSS_SECRET_KEY)
    async with serving(settings, "auth", "queue", reservations, "payment") as platform:
        yield Client(platform, postgres, known)


def order(number: int = 1, **changes: Any) -> dict[str, Any]:
    whole = {
        "reservation_id": number,
        "total_price": 1_000,
        "point_used": 400,
        "card_amount": 600,
        "pg_token": "toss_token_ok",
    }
    return {**whole, **changes}


async def test_a_whole_story(client: Client):
    charged = await client.post(
        "/api/points/charge", {"amount": 5_000, "pg_token": "toss_token_ok"}
    )
    assert (charged.status, charged.body["balance"]) == (201, 5_000)

    client.known[1] = held(1)
    paid = await client.post("/api/payments", order(), key="k")
    assert (paid.status, paid.body["status"]) == (201, "COMPLETED"), paid.body
    assert paid.body["payment_method"] == "MIXED"
    assert "order_id" not in paid.body
    again = await client.post("/api/payments", order(), key="k")
    assert (again.status, again.body) == (paid.status, paid.body)
    other = await client.post("/api/payments", order(point_used=0, card_amount=1_000), key="k")
    assert (other.status, other.code) == (422, "idempotency_key_reused")

    path = f"/api/payments/{paid.body['id']}"
    assert (await client.get(path)).body == paid.body
    assert (await client.get(path, sub="8")).code == "payment_not_found"
    assert (await client.admin("GET", path)).body == paid.body

    refund = {"payment_id": paid.body["id"], "amount": 700, "reason": "a seat broke"}
    assert (await client.post("/api/refunds", refund)).code == "forbidden"
    given = await client.admin("POST", "/api/refunds", json=refund)
    assert (given.status, given.body["card"], given.body["points"]) == (201, 600, 100)
    assert (await client.get(path)).body["status"] == "PARTIALLY_REFUNDED"

    balance = (await client.get("/api/points/balance")).body
    assert (balance["balance"], balance["held"]) == (4_700, 0)
    assert [line["type"] for line in balance["histories"]] == ["REFUND", "USE", "CHARGE"]

    page = (await client.get("/api/points/histories", params={"limit": "2"})).body
    rest = await client.get("/api/points/histories", params={"cursor": page["next_cursor"]})
    lines = page["items"] + rest.body["items"]
    assert lines == balance["histories"]
    assert rest.body["next_cursor"] is None

    async def rows(path: str, **params: str) -> Any:
        return (await client.admin("GET", path, params=params)).body["items"]

    assert await rows("/api/audit/wallets") == [{"user_id": USER, "balance": 4_700, "held": 0}]
    assert [line["balance_after"] for line in await rows("/api/audit/histories")] == [
        5_000,
        4_600,
        4_700,
    ]
    (audited,) = await rows("/api/audit/payments", event_id=str(EVENT_ID))
    assert (audited["payment_id"], audited["refunded_card"]) == (paid.body["id"], 600)
    assert (await client.admin("GET", "/api/audit/backlog")).body["service"] == "payment"


async def test_a_declined_card_is_402_and_stays_so(client: Client):
    client.known[1] = held(1)
    body = order(point_used=0, card_amount=1_000, pg_token="toss_token_declined")
    first = await client.post("/api/payments", body, key="k")
    again = await client.post("/api/payments", body, key="k")
    assert (first.status, first.code) == (402, "card_declined")
    first.body.pop("request_id"), again.body.pop("request_id")
    assert again.body == first.body


BAD_ORDERS: list[tuple[dict[str, Any], int, str]] = [
    ({}, 402, "insufficient_points"),
    ({"reservation_id": 404}, 404, "reservation_not_found"),
    ({"reservation_id": 2, "point_used": 0, "card_amount": 1_000}, 404, "reservation_not_found"),
    ({"point_used": 0}, 409, "price_mismatch"),
    ({"total_price": 999, "card_amount": 599}, 409, "price_mismatch"),
    ({"pg_token": None}, 400, "invalid_request"),
    ({"card_amount": "600"}, 400, "invalid_request"),
    ({"card_amount": -1}, 400, "invalid_request"),
    ({"total_price": 10**30}, 400, "invalid_request"),
    ({"surprise": 1}, 400, "invalid_request"),
    ({"pg_token": "no spaces"}, 400, "invalid_request"),
]


async def test_bad_payments_change_nothing(client: Client):
    client.known[1], client.known[2] = held(1), held(2, user=8)
    for changes, status, code in BAD_ORDERS:
        answer = await client.post("/api/payments", order(**changes))
        assert (answer.status, answer.code) == (status, code), answer.body
        if code == "invalid_request":
            assert answer.fields == {*changes}
    assert await client.sql("SELECT count(*) FROM payments") == 0
    assert await client.sql("SELECT count(*) FROM idempotency_keys") == 0


async def test_without_entry_or_for_another_event_it_is_403(client: Client):
    client.known[1] = held(1)
    for token in ("forged", client.entry(sub="8"), client.entry(event_id=43)):
        answer = await client.post("/api/payments", order(), **{"Entry-Token": token})
        assert (answer.status, answer.code) == (403, "entry_required")


async def test_a_key_is_demanded(client: Client):
    answer = await client.platform.ask(
        "POST",
        "payment",
        "/api/points/charge",
        token=client.platform.token(),
        json={"amount": 500, "pg_token": "toss_token_ok"},
    )
    assert (answer.status, answer.code) == (400, "idempotency_key_required")


async def test_a_foreign_cursor_is_400(client: Client):
    for cursor in ("x", "aGlzdG9yaWVzOjE=x", "d2FsbGV0czox", "====", "-_-_"):
        answer = await client.get("/api/points/histories", params={"cursor": cursor})
        assert (answer.status, answer.fields) == (400, {"cursor"})


async def test_an_unknown_outcome_is_settled_by_the_background_task(client: Client):
    client.known[1] = held(1)
    body = order(point_used=0, card_amount=1_000, pg_token="toss_token_error_500_once")
    pending = await client.post("/api/payments", body, key="k")
    assert (pending.status, pending.body["status"]) == (201, "PENDING")
    waiting = await client.post("/api/payments", body, key="k")
    assert (waiting.status, waiting.code) == (409, "idempotency_in_flight")
    assert waiting.headers["Retry-After"] == "1"
    # The process that began it has it to itself for a while; its lease ends here.
    await client.sql("UPDATE payments SET lease_until = NULL")
    await client.until(f"/api/payments/{pending.body['id']}", "COMPLETED")
    final = await client.post("/api/payments", body, key="k")
    assert (final.status, final.body["status"]) == (201, "COMPLETED")


async def test_webhooks_are_looked_up_and_never_believed(client: Client, sandbox: TossSandbox):
    notice: dict[str, Any] = {
        "eventType": "PAYMENT_STATUS_CHANGED",
        "createdAt": "2026-01-01T00:00:00.000000",
        "data": {"paymentKey": "pk", "orderId": "tk-unknown", "status": "DONE", "method": "카드"},
    }
    path = "/api/payments/webhook"
    unknown = await client.platform.ask("POST", "payment", path, json=notice)
    assert (unknown.status, unknown.body) == (200, {"received": True})
    for order_id in ("no\0text", "스물여섯", "six or more"):
        odd = notice | {"data": notice["data"] | {"orderId": order_id}}
        refused = await client.platform.ask("POST", "payment", path, json=odd)
        assert (refused.status, refused.code) == (400, "invalid_request")
    client.known[1] = held(1)
    body = order(point_used=0, card_amount=1_000, pg_token="toss_token_error_500_once")
    pending = await client.post("/api/payments", body)
    order_id = await client.sql("SELECT order_id FROM payments")
    notice["data"]["orderId"] = order_id
    lie = await client.platform.ask("POST", "payment", path, json=notice)
    assert lie.status == 200
    payment = f"/api/payments/{pending.body['id']}"
    assert (await client.get(payment)).body["status"] == "PENDING"
    # The gateway charges after all, and says so itself, three times.
    sandbox.gateway.behaviour = Behaviour(
        webhook_url=client.platform.url("payment") + path, webhook_copies=3
    )
    async with client.platform.http.post(
        f"{sandbox.url}/v1/payments/confirm",
        json={"paymentKey": "toss_token_ok", "orderId": order_id, "amount": 1_000},
        headers={"Authorization": "Basic dGVzdF9za190aWtldGlfc2FuZGJveDo="},
    ) as charged:
        assert charged.status == 200
    await sandbox.gateway.webhooks.drained()
    assert (await client.get(payment)).body["status"] == "COMPLETED"
    assert sandbox.gateway.webhooks.counts.delivered_count == 3


@pytest.mark.parametrize("name", ["reservation.refused", "reservation.cancelled"])
async def test_a_message_of_the_reservation_refunds_once(
    client: Client, valkey: ValkeyServer, name: str
):
    await client.admin(
        "POST",
        "/api/points/sandbox/grant",
        json={"user_ids": [USER], "amount": 400, "reference": "r"},
    )
    client.known[1] = held(1)
    paid = await client.post("/api/payments", order())
    payload: dict[str, Any] = {
        "reservation_id": 1,
        "payment_id": paid.body["id"],
        "user_id": USER,
        "reason": "expired",
    }
    if name == "reservation.cancelled":
        payload |= {"number": "R", "event_id": EVENT_ID, "seat_ids": [1], "total_price": 1_000}
        payload["reason"] = "by_user"
    message = Message(MessageId(str(uuid.uuid4())), name, payload, 0, "req-m")
    redis = await RedisClient.connect(valkey.url)
    try:
        bus = StreamBus(redis)
        await bus.publish("reservation", [message, message])
    finally:
        await redis.close()
    await client.until(f"/api/payments/{paid.body['id']}", "REFUNDED")
    assert (await client.get("/api/points/balance")).body["balance"] == 400
    assert await client.sql("SELECT count(*) FROM refunds") == 1


async def test_two_thousand_users_are_given_points_at_once(client: Client):
    async def give(users: range) -> Answer:
        body = {"user_ids": list(users), "amount": 100, "reference": "crowd"}
        return await client.admin("POST", "/api/points/sandbox/grant", json=body)

    answers = await asyncio.gather(give(range(1, 1_001)), give(range(1_001, 2_001)))
    assert [answer.body["granted_count"] for answer in answers] == [1_000, 1_000]
    assert (await give(range(1, 1_001))).body["granted_count"] == 0
    refused = await client.post(
        "/api/points/sandbox/grant", {"user_ids": [USER], "amount": 1, "reference": "x"}
    )
    assert refused.code == "forbidden"
