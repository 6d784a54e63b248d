"""The queue service over real HTTP: the way in, the token, the admin's calls, bad input, a purchase."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from tests.integration.queue.serving import EVENT_ID, ON_SALE, move, see, set_policy
from tests.waiting import until
from tiketi_core.kernel.ids import EventId, MessageId, UserId
from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.redis import RedisClient
from tiketi_platform.adapters.redis.bus import StreamBus
from tiketi_sdk.contract.messages import ReservationConfirmed


@pytest.fixture
def event_id():
    return EVENT_ID


async def until_admitted(platform, event_id, user):
    async def place():
        answer = await move(platform, "heartbeat", event_id, user)
        assert answer.code in {None, "too_early"}
        admitted = answer.code is None and answer.body["state"] == "admitted"
        return answer.body if admitted else None

    return await until(place)


async def test_the_way_in_and_out(platform, event_id):
    set_ = await set_policy(platform, event_id, capacity=1, session_ttl_s=60, grace_s=20)
    assert (set_.body["capacity"], set_.body["grace_s"], set_.body["state"]) == (1, 20, "open")
    first = (await move(platform, "enter", event_id, 11)).body
    second = (await move(platform, "enter", event_id, 12)).body
    assert (first["state"], first["position"]) == ("admitted", 0)
    assert (second["state"], second["position"], second["entry_token"]) == ("waiting", 1, None)
    assert 500 <= second["next_poll_ms"] <= 15_000
    assert (await move(platform, "enter", event_id, 12)).body["position"] == 1

    keys = (await platform.ask("GET", "queue", "/.well-known/jwks.json")).body["keys"]
    claims = jwt.decode(
        first["entry_token"],
        jwt.PyJWK(keys[0]).key,
        algorithms=["EdDSA"],
        audience="tiketi:entry",
        issuer="tiketi",
    )
    assert (claims["sub"], claims["event_id"], claims["number"]) == ("11", event_id, 1)
    ends = datetime.fromisoformat(first["session_expires_at"])
    assert claims["exp"] <= int(ends.timestamp())
    assert claims["exp"] - time.time() <= 60

    assert (await move(platform, "leave", event_id, 11)).body["was"] == "admitted"
    assert (await move(platform, "status", event_id, 12)).body["state"] == "admitted"
    assert (await move(platform, "status", event_id, 11)).code == "not_in_queue"
    stats = await see(platform, event_id, "stats")
    assert (stats["admitted_count"], stats["admitted_max"], stats["left_total"]) == (1, 1, 1)
    assert stats["log_truncated"] is False
    log = await see(platform, event_id, "log?limit=5000")
    kinds = [entry["kind"] for entry in log["items"]]
    assert kinds == [
        *("policy", "policy", "entered", "admitted", "entered", "left", "admitted"),
    ]


async def test_a_session_that_ran_out_makes_room(platform, event_id):
    await set_policy(platform, event_id, capacity=1, session_ttl_s=1)
    await move(platform, "enter", event_id, 11)
    await move(platform, "enter", event_id, 12)
    await until_admitted(platform, event_id, 12)


def confirmed(*, user_id):
    """What reservation says when a reservation was paid."""
    payload = ReservationConfirmed(
        reservation_id=5,
        number="R5",
        event_id=EVENT_ID,
        user_id=user_id,
        seat_ids=(1, 2),
        total_price=1,
        payment_id=9,
    ).model_dump(mode="json")
    return Message(
        MessageId("0190a000-0000-7000-8000-000000000001"),
        "reservation.confirmed",
        payload,
        time.time_ns() // 1_000_000,
    )


async def test_a_confirmed_reservation_makes_room(platform, event_id, valkey):
    await set_policy(platform, event_id, capacity=1)
    await move(platform, "enter", event_id, 11)
    await move(platform, "enter", event_id, 12)
    message = confirmed(user_id=11)
    async with await RedisClient.connect(valkey.url) as client:
        await StreamBus(client).publish("reservation", [message, message])
    place = await until_admitted(platform, event_id, 12)
    assert place["entry_token"]
    assert (await move(platform, "status", event_id, 11)).code == "not_in_queue"
    log = (await see(platform, event_id, "log"))["items"]
    assert [line["kind"] for line in log[-2:]] == ["left", "admitted"]
    assert log[-2]["at"] == log[-1]["at"]  # freed room is used in the same step
    assert log[-2]["id"].split("-")[0] == log[-1]["id"].split("-")[0]


@pytest.mark.parametrize("name", ["event.cancelled", "event.deleted"])
async def test_nobody_waits_for_an_event_that_is_gone(platform, event_id, valkey, name):
    await set_policy(platform, event_id, capacity=0)
    await move(platform, "enter", event_id, 11)
    payload = {"event_id": event_id}
    if name == "event.cancelled":
        payload |= {"title": "T", "reason": "a storm"}
    message = Message(MessageId("0190a000-0000-7000-8000-000000000002"), name, payload, 0)
    async with await RedisClient.connect(valkey.url) as client:
        await StreamBus(client).publish("event", [message])

    async def is_closed():
        return (await see(platform, event_id, "policy"))["state"] == "closed"

    await until(is_closed)
    assert (await move(platform, "enter", event_id, 12)).code == "waiting_room_closed"


async def test_polling_too_early_is_told_so_and_costs_no_place(platform, event_id, make_room):
    await set_policy(platform, event_id, capacity=0, grace_s=60)
    crowd = [UserId(user) for user in range(1, 1_001)]
    for start in range(0, 1_000, 500):
        now_ms = time.time_ns() // 1_000_000
        await make_room().enter(EventId(event_id), crowd[start : start + 500], now_ms=now_ms)
    place = (await move(platform, "enter", event_id, 1_001)).body
    assert place["next_poll_ms"] == 15_000  # so far back that no machine is too slow for this test
    for verb in ("status", "heartbeat"):
        early = await move(platform, verb, event_id, 1_001)
        assert (early.status, early.code) == (429, "too_early")
        assert 1 <= int(early.headers["Retry-After"]) <= 15
    assert (await move(platform, "enter", event_id, 1_001)).body["position"] == 1_001


async def test_entering_over_and_over_is_limited_and_costs_no_place(platform, event_id):
    await set_policy(platform, event_id, capacity=0)
    answers = await asyncio.gather(*(move(platform, "enter", event_id, 11) for _ in range(200)))
    refused = [answer for answer in answers if answer.code == "rate_limited"]
    assert refused
    assert all("Retry-After" in answer.headers for answer in refused)
    assert (await move(platform, "enter", event_id, 12)).body["position"] == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"event_id": "1"}, "event_id"),
        ({"event_id": 0}, "event_id"),
        ({"event_id": 2**63}, "event_id"),
        ({"event_id": 1, "user_id": 7}, "user_id"),
        ({}, "event_id"),
    ],
)
async def test_bad_input_names_its_field(platform, body, field):
    for verb in ("enter", "heartbeat", "leave"):
        path = f"/api/queue/{verb}"
        answer = await platform.ask("POST", "queue", path, token=platform.token(), json=body)
        assert (answer.status, answer.code, answer.fields) == (400, "invalid_request", {field})


async def test_refusals(platform, event_id):
    assert (await move(platform, "enter", 999_999, 7)).code == "event_not_found"
    assert (await platform.ask("POST", "queue", "/api/queue/enter", json={})).status == 401
    path = f"/api/queue/{event_id}/policy"
    answer = await platform.ask("PUT", "queue", path, token=platform.token(), json={"capacity": 1})
    assert answer.status == 403
    for bad in ({"capacity": -1}, {"capacity": True}, {"state": "shut"}, {"grace_s": 4}):
        assert (await set_policy(platform, event_id, **bad)).code == "invalid_request"
    assert (await see(platform, event_id, "log?cursor=zzz"))["code"] == "invalid_request"
    await set_policy(platform, event_id, capacity=0, waiting_max=0)
    full = await move(platform, "enter", event_id, 7)
    assert (full.status, full.code) == (429, "waiting_room_full")
    assert "Retry-After" in full.headers
    await set_policy(platform, event_id, state="closed")
    assert (await move(platform, "enter", event_id, 7)).code == "waiting_room_closed"


async def test_valkey_gone_is_503(platform, event_id, valkey):
    await move(platform, "enter", event_id, 11)
    await valkey.stop()
    try:
        for verb in ("enter", "status", "leave"):
            answer = await move(platform, verb, event_id, 11)
            assert (answer.status, answer.code) == (503, "queue_unavailable")
            assert "Retry-After" in answer.headers
    finally:
        await valkey.start()


async def test_before_and_after_the_sale_there_is_no_line(platform, events):
    soon = datetime.now(UTC) + timedelta(hours=1)
    events[43] = ON_SALE.model_copy(update={"id": 43, "on_sale_at": soon, "status": "upcoming"})
    events[44] = ON_SALE.model_copy(update={"id": 44, "status": "cancelled"})
    for event_id in (43, 44):
        answer = await move(platform, "enter", event_id, 7)
        assert (answer.status, answer.code) == (409, "not_on_sale")
