"""What people in the waiting room are told over Socket.IO, by one replica and by two."""

from __future__ import annotations

import asyncio

import jwt
import pytest

from tests.integration.realtime.conftest import EVENT_ID, enter, set_policy
from tests.waiting import eventually


@pytest.fixture(params=["websocket", "polling", "upgrade"])
def transports(request):
    return {
        "websocket": ("websocket",),
        "polling": ("polling",),
        "upgrade": ("polling", "websocket"),
    }[request.param]


async def test_one_waits_and_is_admitted(platform, clients, transports):
    await set_policy(platform, capacity=1)
    await enter(platform, 1)
    await enter(platform, 2)
    client = await clients(platform, 2, transports=transports)
    joined = (await client.ask("join"))["joined"]
    assert joined["number"] == 2
    assert joined["place"]["position"] == 1
    assert joined["line"]["waiting_count"] == 1
    line = await client.hears("line")
    assert line["front"] == 1
    await set_policy(platform, capacity=2)
    place = await client.hears("admitted")
    assert place["state"] == "admitted"
    claims = jwt.decode(place["entry_token"], options={"verify_signature": False})
    assert (claims["sub"], claims["event_id"]) == ("2", EVENT_ID)


async def test_an_admission_by_one_replica_reaches_a_socket_on_another(platform, replica, clients):
    await set_policy(platform, capacity=1)
    await enter(platform, 1)
    await enter(platform, 2)
    async with replica() as other:
        client = await clients(other, 2)
        assert (await client.ask("join"))["joined"]["place"]["position"] == 1
        await platform.ask(
            "POST",
            "queue",
            "/api/queue/leave",
            token=platform.token(sub="1"),
            json={"event_id": EVENT_ID},
        )
        place = await client.hears("admitted")
        assert place["entry_token"]


async def test_f16_only_the_admitted_are_told_of_it(platform, clients):
    """Legacy flaw F16: an admission went to the whole room, per user."""
    await set_policy(platform, capacity=0)
    crowd = []
    for user in range(1, 11):
        await enter(platform, user)
        client = await clients(platform, user)
        await client.ask("join")
        crowd.append(client)
    await set_policy(platform, capacity=3)
    for client in crowd[:3]:
        await client.hears("admitted")
    for client in crowd[3:]:
        await eventually(lambda: any(line["front"] == 3 for line in client.heard("line")))  # noqa: B023  # run in this round only
        assert client.heard("admitted") == []


async def test_the_line_is_broadcast_once_a_second_at_the_most(platform, clients):
    await set_policy(platform, capacity=0)
    await enter(platform, 1)
    client = await clients(platform, 1)
    await client.ask("join")
    await client.hears("line")
    client.told.clear()
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    user = 1
    while len(client.heard("line")) < 2:
        user += 1
        await enter(platform, user)
    assert len(client.heard("line")) <= loop.time() - started_s + 1


async def test_somebody_who_only_watches_needs_no_place(platform, clients):
    client = await clients(platform, 5)
    refused = await client.ask("join")
    assert refused["problem"]["code"] == "not_in_queue"
    watching = await client.ask("watch")
    assert watching["joined"]["line"]["event_id"] == EVENT_ID
    assert "place" not in watching["joined"]
    await client.hears("line")


async def test_who_leaves_the_room_hears_no_more_and_keeps_the_place(platform, clients):
    await set_policy(platform, capacity=0)
    await enter(platform, 1)
    client = await clients(platform, 1)
    await client.ask("join")
    assert await client.ask("leave_room") == {}
    client.told.clear()
    await enter(platform, 2)
    watcher = await clients(platform, 3)
    await watcher.ask("watch")
    await watcher.hears("line")
    assert client.told == []
    assert (await client.ask("join"))["joined"]["number"] == 1


async def test_a_place_that_is_given_up_elsewhere_is_told(platform, clients):
    await set_policy(platform, capacity=0, grace_s=5)
    await enter(platform, 1)
    client = await clients(platform, 1)
    await client.ask("join")
    await platform.ask(
        "POST",
        "queue",
        "/api/queue/leave",
        token=platform.token(sub="1"),
        json={"event_id": EVENT_ID},
    )
    assert await client.hears("gone") == {"event_id": EVENT_ID}


async def test_a_socket_is_a_sign_of_life(platform, clients):
    await set_policy(platform, capacity=0, grace_s=60)
    for user in (1, 2):
        await enter(platform, user)
    client = await clients(platform, 2)
    await client.ask("join")
    # 1 is silent for longer than the grace; 2 says nothing either, but is there.
    await set_policy(platform, capacity=0, grace_s=5)
    await asyncio.sleep(6)
    await set_policy(platform, capacity=2)
    await client.hears("admitted")


async def test_senseless_requests_are_refused(platform, clients):
    client = await clients(platform, 1)
    senseless: list[object] = [None, 7, {}, [], {"event_id": 0}, {"event_id": "콘서트"}]
    for body in [*senseless, {"event_id": 42, "more": 1}]:
        answer = await client.library.call("join", body, namespace="/queue")
        assert answer["problem"]["code"] == "invalid_request", body


async def test_an_unknown_event_is_refused(platform, clients):
    client = await clients(platform, 1)
    assert (await client.ask("watch", 9_999))["problem"]["code"] == "event_not_found"
    assert (await client.ask("시작"))["problem"]["code"] == "invalid_request"


async def test_requests_are_limited(platform, clients):
    client = await clients(platform, 1)
    codes = [(await client.ask("join")).get("problem", {}).get("code") for _ in range(60)]
    assert "rate_limited" in codes
