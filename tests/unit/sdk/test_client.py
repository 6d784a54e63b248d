"""What a client does around a call: encoding, retries, refresh, entry tokens; alike in both twins."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tiketi_sdk import Config, Credentials, RetryPolicy, errors
from tiketi_sdk.config import MemoryStore
from tiketi_sdk.contract.queue import Place

USER = {
    "id": 7,
    "email": "minji@example.com",
    "name": "김민지",
    "role": "user",
    "provider": "LOCAL",
    "created_at": "2026-05-01T11:00:00Z",
}
SESSION = {
    "token": "t-2",
    "refresh_token": "r-2",
    "expires_at": "2026-05-01T12:00:00Z",
    "user": USER,
}
EVENT = {
    "id": 1,
    "title": "아이유 콘서트",
    "artist": "아이유",
    "venue": "올림픽공원",
    "description": "첫 공연 🎤",
    "starts_at": "2026-06-01T20:00:00+09:00",
    "on_sale_at": "2026-05-01T20:00:00+09:00",
    "sale_ends_at": "2026-06-01T19:00:00+09:00",
    "seats_per_user_max": 4,
    "status": "on_sale",
    "created_at": "2026-05-01T11:00:00Z",
    "updated_at": "2026-05-01T11:00:00Z",
    "version": 1,
}
CHARGE = {"payment_id": 1, "amount": 10_000, "balance": 10_000, "status": "COMPLETED"}
RESERVATION = {
    "id": 5,
    "number": "R-1",
    "event_id": 1,
    "user_id": 7,
    "status": "PENDING",
    "total_price": 50_000,
    "seats": [],
    "expires_at": "2026-05-01T12:00:00Z",
    "created_at": "2026-05-01T11:00:00Z",
    "version": 1,
}
PAYMENT = {
    "id": 9,
    "user_id": 7,
    "purpose": "TICKETS",
    "reservation_id": 5,
    "payment_method": "MIXED",
    "total_price": 50_000,
    "point_used": 20_000,
    "card_amount": 30_000,
    "status": "COMPLETED",
    "created_at": "2026-05-01T11:00:00Z",
}


def place(state, *, position=1, next_poll_ms=1_000, entry_token=None):
    return {
        "event_id": 1,
        "state": state,
        "position": position,
        "waiting_count": 10,
        "next_poll_ms": next_poll_ms,
        "entry_token": entry_token,
    }


async def test_login_is_remembered(platform, make_client):
    client = make_client()
    platform.answers("POST /api/auth/login", SESSION)
    platform.answers("GET /api/auth/me", USER)
    session = await client.auth.login(email="minji@example.com", password="correct horse")
    assert session.user.name == "김민지"
    await client.auth.me()
    login, me = platform.seen
    assert login.json == {"email": "minji@example.com", "password": "correct horse"}
    assert "authorization" not in login.headers
    assert me.headers["authorization"] == "Bearer t-2"
    assert me.headers["user-agent"].startswith("tiketi-sdk/")


async def test_korean_goes_out_and_comes_back(platform, make_client, time):
    client = make_client(token="admin")
    platform.answers("POST /api/events", EVENT, status=201)
    event = await client.events.create(
        title="아이유 콘서트",
        artist="아이유",
        venue="올림픽공원",
        description="첫 공연 🎤",
        starts_at=time.now() + timedelta(days=31),
        on_sale_at=time.now(),
        sale_ends_at=time.now() + timedelta(days=30),
    )
    assert platform.seen[0].json["description"] == event.description == "첫 공연 🎤"
    platform.answers("GET /api/events", {"items": [EVENT]})
    assert [found.title async for found in client.events.list(q="아이유")] == ["아이유 콘서트"]
    assert platform.seen[-1].query == {"q": "아이유", "limit": "20"}


async def test_bad_input_is_refused_before_anything_is_sent(platform, make_client):
    client = make_client(token="t")
    with pytest.raises(errors.InvalidRequestError) as caught:
        await client.reservations.create(1, seat_ids=[3, "4"])
    assert [each.field for each in caught.value.errors] == ["seat_ids.1"]
    with pytest.raises(errors.InvalidRequestError):
        client.events.list(limit=0)
    assert platform.seen == []


async def test_a_write_is_repeated_under_the_same_key(platform, make_client, time):
    client = make_client(token="t")
    platform.refuses("POST /api/points/charge", 503, "gateway_unavailable", retry_after="3")
    platform.refuses("POST /api/points/charge", 409, "idempotency_in_flight")
    platform.answers("POST /api/points/charge", CHARGE, status=201)
    charge = await client.points.charge(10_000, pg_token="toss_token_ok")
    assert charge.balance == 10_000
    keys = {each.headers["idempotency-key"] for each in platform.seen}
    assert len(platform.seen) == 3
    assert len(keys) == 1
    assert time.slept_s == [3 + 0.1, 0.2]


async def test_ones_own_key_is_sent(platform, make_client):
    client = make_client(token="t")
    platform.answers("POST /api/points/charge", CHARGE, status=201)
    await client.points.charge(10_000, pg_token="toss_token_ok", idempotency_key="mine-1")
    assert platform.seen[0].headers["idempotency-key"] == "mine-1"


async def test_what_is_not_safe_is_never_sent_twice(platform, make_client):
    client = make_client(token="t")
    platform.refuses("POST /api/tickets/check-in", 503, "unavailable", retry_after="1")
    with pytest.raises(errors.ServiceUnavailableError) as caught:
        await client.tickets.check_in(1, "code")
    assert caught.value.retry_after_s == 1
    assert len(platform.seen) == 1


async def test_what_does_the_same_twice_is_repeated(platform, make_client):
    client = make_client(token="t")
    routes = [
        "POST /api/queue/enter", "PUT /api/queue/1/policy", "POST /api/reservations/5/cancel",
    ]  # fmt: skip
    for route in routes:
        platform.refuses(route, 503, "unavailable")
    for ask in (
        client.queue.enter(1),
        client.queue.set_policy(1, capacity=3),
        client.reservations.cancel(5),
    ):
        with pytest.raises(errors.ServiceUnavailableError):
            await ask
    assert [f"{seen.method} {seen.path}" for seen in platform.seen] == [
        route for route in routes for _ in range(4)
    ]


async def test_a_client_with_another_patience_is_the_same_user(platform, make_client):
    client = make_client(token="t-1", refresh_token="r-1")
    hasty = client.with_options(timeout_s=3, retries=RetryPolicy(retries_max=0))
    assert hasty.config.timeouts.request_s == 3
    platform.expired_tokens.add("t-1")
    platform.answers("POST /api/auth/refresh", SESSION)
    platform.refuses("GET /api/points/balance", 503, "unavailable")
    with pytest.raises(errors.ServiceUnavailableError):
        await hasty.points.balance()
    assert len(platform.calls("/api/points/balance")) == 2  # the token was renewed in between
    await hasty.close()
    assert client.credentials.token == "t-2"
    platform.answers("GET /api/auth/me", USER)
    assert (await client.auth.me()).id == 7


async def test_retries_end(platform, make_client, time):
    client = make_client(token="t", config=Config(retries=RetryPolicy(retries_max=2)))
    platform.refuses("GET /api/points/balance", 500, "internal")
    with pytest.raises(errors.InternalServerError) as caught:
        await client.points.balance()
    assert caught.value.request_id == "r-1"
    assert len(platform.seen) == 3
    assert time.slept_s == [0.1, 0.2]


async def test_a_long_retry_after_is_not_waited_out(platform, make_client, time):
    client = make_client(token="t")
    platform.refuses("GET /api/points/balance", 429, "rate_limited", retry_after="3600")
    with pytest.raises(errors.RateLimitedError):
        await client.points.balance()
    assert time.slept_s == []


async def test_an_expired_token_is_refreshed_once_for_all(platform, make_client):
    store = MemoryStore(Credentials(token="t-1", refresh_token="r-1"))
    client = make_client(credentials=store)
    platform.expired_tokens.add("t-1")
    platform.answers("GET /api/auth/me", USER)
    platform.answers("POST /api/auth/refresh", SESSION)
    found = await asyncio.gather(*(client.auth.me() for _ in range(4)))
    assert {user.id for user in found} == {7}
    assert [each.json for each in platform.calls("/api/auth/refresh")] == [{"refresh_token": "r-1"}]
    assert store.load().refresh_token == "r-2"


async def test_a_token_about_to_end_is_refreshed_before_use(platform, make_client, time):
    ending = Credentials(
        token="t-1",
        refresh_token="r-1",
        expires_at=time.now() + timedelta(seconds=5),
        entry_tokens={1: "e"},
    )
    client = make_client(credentials=MemoryStore(ending))
    platform.answers("POST /api/auth/refresh", SESSION)
    platform.answers("GET /api/auth/me", USER)
    await client.auth.me()
    assert [each.path for each in platform.seen] == ["/api/auth/refresh", "/api/auth/me"]
    assert platform.seen[1].headers["authorization"] == "Bearer t-2"
    assert client.credentials.entry_tokens == {1: "e"}


async def test_a_token_good_for_a_moment_yet_is_used_while_auth_is_away(
    platform, make_client, time
):
    ending = Credentials(
        token="t-1", refresh_token="r-1", expires_at=time.now() + timedelta(seconds=5)
    )
    client = make_client(credentials=MemoryStore(ending))
    platform.refuses("POST /api/auth/refresh", 503, "unavailable")
    platform.answers("GET /api/auth/me", USER)
    assert (await client.auth.me()).id == 7
    assert platform.calls("/api/auth/me")[0].headers["authorization"] == "Bearer t-1"


async def test_a_refused_refresh_is_not_tried_again(platform, make_client):
    client = make_client(token="t-1", refresh_token="r-1")
    platform.refuses("GET /api/auth/me", 401, "token_expired")
    platform.refuses("POST /api/auth/refresh", 401, "refresh_token_reused")
    for _ in range(2):
        with pytest.raises(errors.TokenExpiredError):
            await client.auth.me()
    assert len(platform.calls("/api/auth/refresh")) == 1


async def test_waiting_asks_as_often_as_told_and_remembers_the_entry_token(
    platform, make_client, time
):
    client = make_client(token="t")
    platform.answers("POST /api/queue/enter", place("waiting", position=3, next_poll_ms=2_000))
    platform.answers(
        "GET /api/queue/status",
        place("waiting", position=1, next_poll_ms=500),
        place("admitted", position=0, entry_token="e-1"),
    )
    platform.answers("POST /api/reservations", RESERVATION, status=201)
    platform.answers("POST /api/payments", PAYMENT, status=201)
    heard: list[Place] = []
    admitted = await client.queue.wait_until_admitted(1, on_place=heard.append)
    assert admitted.state == "admitted"
    assert [each.position for each in heard] == [3, 1, 0]
    assert time.slept_s == pytest.approx([2.1, 0.525])
    reservation = await client.reservations.create(1, best_available=2)
    await client.payments.create(
        reservation, point_used=20_000, card_amount=30_000, pg_token="toss_token_ok"
    )
    reserve, pay = platform.seen[-2:]
    assert reserve.json == {"event_id": 1, "best_available": {"count": 2}}
    assert pay.json["total_price"] == 50_000
    assert reserve.headers["entry-token"] == pay.headers["entry-token"] == "e-1"


async def test_an_explicit_entry_token_wins(platform, make_client):
    client = make_client(credentials=MemoryStore(Credentials(token="t", entry_tokens={1: "e-1"})))
    platform.answers("POST /api/reservations", RESERVATION, status=201)
    await client.reservations.create(1, seat_ids=[3], entry_token="e-2")
    assert platform.seen[0].headers["entry-token"] == "e-2"


async def test_paying_by_id_finds_the_event(platform, make_client):
    client = make_client(credentials=MemoryStore(Credentials(token="t", entry_tokens={1: "e-1"})))
    platform.answers("GET /api/reservations/5", RESERVATION)
    platform.answers("POST /api/payments", PAYMENT, status=201)
    await client.payments.create(5, card_amount=50_000, pg_token="toss_token_ok")
    assert platform.calls("/api/payments")[0].headers["entry-token"] == "e-1"


async def test_waiting_ends_at_the_deadline(platform, make_client, time):
    client = make_client(token="t")
    platform.answers("POST /api/queue/enter", place("waiting"))
    platform.answers("GET /api/queue/status", place("waiting"))
    with pytest.raises(errors.WaitTimeoutError):
        await client.queue.wait_until_admitted(1, timeout_s=3)
    assert time.elapsed_s == pytest.approx(3)


async def test_waiting_for_a_reservation(platform, make_client, time):
    client = make_client(token="t")
    platform.answers(
        "GET /api/reservations/5",
        RESERVATION,
        RESERVATION,
        {**RESERVATION, "status": "CONFIRMED"},
    )
    assert (await client.reservations.wait_until_settled(5)).status == "CONFIRMED"
    assert time.slept_s == [0.05, 0.1]


async def test_another_user_over_the_same_connections(platform, make_client):
    client = make_client(token="t-1")
    platform.answers("GET /api/auth/me", USER)
    other = client.as_user("t-9")
    await other.auth.me()
    await other.close()
    await client.auth.me()
    assert [each.headers["authorization"] for each in platform.seen] == ["Bearer t-9", "Bearer t-1"]


async def test_raw(platform, make_client):
    client = make_client(token="t")
    platform.answers("PUT /api/queue/1/policy", {"나": 1})
    answer = await client.raw("put", "queue", "/api/queue/1/policy", json={"가": 2}, query={"x": 1})
    assert answer.status == 200
    assert answer.body.decode() == '{"나": 1}'
    assert platform.seen[0].json == {"가": 2}
    assert platform.seen[0].query == {"x": "1"}
    platform.refuses("GET /nowhere", 404, "not_found")
    with pytest.raises(errors.NotFoundError):
        await client.raw("GET", "auth", "nowhere")


async def test_logout_forgets(platform, make_client):
    client = make_client(token="t-1", refresh_token="r-1")
    platform.answers("POST /api/auth/logout", {"logged_out": True})
    await client.auth.logout()
    assert client.credentials == Credentials()
    with pytest.raises(errors.ConfigError):
        await client.auth.refresh()
