"""Entry tokens at every route that demands one: needed, good while the session lasts, refused after its end."""

from __future__ import annotations

import asyncio
import itertools
from datetime import datetime

import jwt
import pytest

from tests.integration.queue.conftest import EVENT, NOW_MS, catalogue_spec
from tests.integration.queue.serving import EVENT_ID, move, set_policy
from tests.integration.queue.test_service import confirmed
from tests.services import serving, settings_for
from tiketi_core.kernel import bounds
from tiketi_core.kernel.ids import UserId
from tiketi_core.queue.model import Purchase
from tiketi_platform.adapters.redis import RedisClient
from tiketi_platform.adapters.redis.bus import StreamBus
from tiketi_platform.adapters.redis.ended_sessions import EndedSessions
from tiketi_sdk.contract.services import SERVICES

BODIES = {
    "reservations.create": {"event_id": EVENT_ID, "seat_ids": [1]},
    "payments.create": {
        "reservation_id": 1,
        "total_price": 100,
        "point_used": 100,
        "card_amount": 0,
    },
}
PROTECTED = [
    (service.name, operation)
    for service in SERVICES.values()
    for operation in service.operations
    if operation.entry
]


@pytest.fixture
async def platform(postgres, valkey, tmp_path, events):
    settings = settings_for(postgres, valkey, tmp_path)
    (settings.secrets_dir / "toss-secret-key").write_text("nobody pays here")
    services = ("auth", catalogue_spec(events), "queue", "reservation", "payment")
    async with serving(settings, *services) as served:
        yield served


async def knock(platform, service, operation, user, entry_token, key):
    headers = {"Idempotency-Key": key}
    if entry_token is not None:
        headers["Entry-Token"] = entry_token
    return await platform.ask(
        operation.method,
        service,
        operation.path,
        token=platform.token(sub=str(user)),
        json=BODIES[operation.name],
        headers=headers,
    )


async def until_refused(platform, user, entry_token):
    """Return once every protected route refuses the token, which must be before it ends by itself."""
    attempts = itertools.count()
    async with asyncio.timeout(bounds.entry_ttl_s / 2):
        for service, operation in PROTECTED:
            code = None
            while code != "entry_required":
                key = f"{user}-{operation.name}-{next(attempts)}"
                code = (await knock(platform, service, operation, user, entry_token, key)).code
                await asyncio.sleep(0.02)


async def admitted(platform, user):
    place = (await move(platform, "enter", EVENT_ID, user)).body
    assert place["state"] == "admitted"
    for service, operation in PROTECTED:
        key = f"in-{user}-{operation.name}"
        answer = await knock(platform, service, operation, user, place["entry_token"], key)
        assert answer.code != "entry_required"
    return place["entry_token"]


def test_the_list_of_protected_routes_is_not_empty():
    assert {operation.name for _, operation in PROTECTED} == set(BODIES)


async def test_no_route_opens_without_a_token_of_ones_own(platform):
    theirs = await admitted(platform, 11)
    for service, operation in PROTECTED:
        for token in (None, "x.y.z", theirs):
            answer = await knock(platform, service, operation, 12, token, f"k-{operation.name}")
            assert (answer.status, answer.code) == (403, "entry_required")


async def test_leaving_ends_the_token_everywhere(platform):
    token = await admitted(platform, 11)
    await move(platform, "leave", EVENT_ID, 11)
    await until_refused(platform, 11, token)
    again = await admitted(platform, 11)
    assert again != token


async def test_having_bought_ends_the_token_everywhere_and_makes_room(platform, valkey):
    await set_policy(platform, EVENT_ID, capacity=1)
    token = await admitted(platform, 11)
    await move(platform, "enter", EVENT_ID, 12)
    async with await RedisClient.connect(valkey.url) as client:
        await StreamBus(client).publish("reservation", [confirmed(user_id=11)])
    await until_refused(platform, 11, token)
    # Whoever is admitted may ask as often as he likes: no poll of his is too early.
    assert (await move(platform, "status", EVENT_ID, 12)).body["state"] == "admitted"


async def test_a_session_that_ran_out_ends_its_token(platform):
    await set_policy(platform, EVENT_ID, session_ttl_s=2)
    place = (await move(platform, "enter", EVENT_ID, 11)).body
    ends = datetime.fromisoformat(place["session_expires_at"])
    claims = jwt.decode(place["entry_token"], options={"verify_signature": False})
    assert claims["exp"] <= ends.timestamp()
    await until_refused(platform, 11, place["entry_token"])


async def test_the_feed_names_early_ends_only_and_is_kept_as_long_as_tokens(make_room, client):
    room, ended = make_room(capacity=3, session_ttl_s=5), EndedSessions(client)
    await room.enter(EVENT, [UserId(user) for user in (1, 2, 3)], now_ms=NOW_MS)
    await room.leave(EVENT, UserId(1), now_ms=NOW_MS)
    await room.purchase(Purchase(EVENT, UserId(2), 7, NOW_MS), now_ms=NOW_MS)
    await room.admit(EVENT, now_ms=NOW_MS + 5_000)
    assert [await ended.is_over(EVENT, number) for number in (1, 2, 3)] == [True, True, False]
    left_ms = await client.execute("PTTL", "queue:{42}:ended")
    assert bounds.entry_ttl_s * 1_000 < left_ms <= 120_000


async def test_without_the_feed_tokens_end_by_themselves(valkey):
    client = await RedisClient.connect(valkey.url)
    await client.close()
    assert await EndedSessions(client).is_over(EVENT, 1) is False
