"""Connections: who may, in which order things count, what a token's end, a slow reader and a crowd do."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import replace

import aiohttp
import pytest
import socketio

from tests.integration.realtime.conftest import (
    CATALOGUE,
    EVENT_ID,
    Client,
    enter,
    set_policy,
)
from tests.services import serving
from tests.waiting import PATIENCE_S, eventually
from tiketi_core.kernel import bounds
from tiketi_platform.adapters.socketio.frames import event_frame
from tiketi_platform.adapters.socketio.limits import Limits
from tiketi_platform.runtime.registry import spec_of
from tiketi_platform.services.queue.realtime import Realtime

SOCKET = "/socket.io/?EIO=4&transport=websocket"


@pytest.fixture
async def bounded(settings):
    """Serves queue with limits of the test's own, and hands out what is behind the namespace."""
    behind: list[Realtime] = []

    def _serve(limits: Limits):
        spec = spec_of("queue")

        def build(resources):
            service = spec.build(resources)
            service.realtime.server.limits = limits
            service.realtime.server._engine.limits = limits
            behind.append(service.realtime)
            return service

        return serving(settings, "auth", CATALOGUE, replace(spec, build=build)), behind

    return _serve


@pytest.mark.parametrize("transport", ["websocket", "polling"])
@pytest.mark.parametrize(("token", "code"), [("", "unauthenticated"), ("x.y.z", "token_invalid")])
async def test_a_bad_token_is_refused_with_a_code(platform, token, code, transport):
    client = Client(platform.url("queue"), token or None, transports=(transport,))
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect()
    assert client.refused["data"]["code"] == code
    await client.library.disconnect()


async def test_an_expired_token_is_refused_and_one_that_expires_ends_the_connection(
    platform, clients
):
    over = Client(platform.url("queue"), platform.token(ttl_s=-1), transports=("websocket",))
    with pytest.raises(socketio.exceptions.ConnectionError):
        await over.connect()
    assert over.refused["data"]["code"] == "token_expired"
    await over.library.disconnect()
    client = await clients(platform, token=platform.token(ttl_s=3))
    assert (await client.hears("ended"))["code"] == "token_expired"
    async with asyncio.timeout(PATIENCE_S):
        await client.closed.wait()


async def test_a_token_that_is_revoked_ends_its_connections_and_no_others(platform, clients):
    async def session(name: str) -> dict[str, str]:
        body = {"email": f"{name}@example.com", "password": "correct horse", "name": name}
        answer = await platform.ask("POST", "auth", "/api/auth/register", json=body)
        assert answer.status == 201
        return dict(answer.body)

    await set_policy(platform, capacity=0)
    leaving, staying = await session("leaving"), await session("staying")
    ending = [await clients(platform, token=leaving["token"]) for _ in range(2)]
    other = await clients(platform, token=staying["token"])
    for client in (*ending, other):
        await client.ask("watch")
    body = {"refresh_token": leaving["refresh_token"]}
    assert (await platform.ask("POST", "auth", "/api/auth/logout", json=body)).status == 200
    for client in ending:
        problem = await client.hears("ended")
        assert (problem["code"], problem["status"]) == ("token_expired", 401)
        async with asyncio.timeout(PATIENCE_S):
            await client.closed.wait()
    assert (await other.ask("watch"))["joined"]["event_id"] == EVENT_ID
    assert not other.closed.is_set()
    late = Client(platform.url("queue"), leaving["token"], transports=("websocket",))
    with pytest.raises(socketio.exceptions.ConnectionError):
        await late.connect()
    assert late.refused["data"]["code"] == "token_expired"
    await late.library.disconnect()


async def test_f17_a_join_in_the_instant_of_the_connect_is_never_lost(platform):
    """Legacy flaw F17: 0 of 50 heard a broadcast."""
    await set_policy(platform, capacity=0)
    await asyncio.gather(*(enter(platform, user) for user in range(1, 51)))

    async def arrive(user: int) -> bool:
        token = json.dumps({"token": platform.token(sub=str(user))})
        async with platform.http.ws_connect(platform.url("queue") + SOCKET) as websocket:
            await websocket.send_str(f"40/queue,{token}")
            await websocket.send_str(f'42/queue,1["join",{{"event_id":{EVENT_ID}}}]')
            heard = ""
            async with asyncio.timeout(PATIENCE_S):
                while '["line"' not in heard or "431" not in heard.replace("43/queue,1", "431"):
                    heard += await websocket.receive_str()
            return '"joined"' in heard

    assert sum(await asyncio.gather(*(arrive(user) for user in range(1, 51)))) == 50


async def test_coming_back_keeps_the_place(platform, clients):
    await set_policy(platform, capacity=0)
    for user in (1, 2, 3):
        await enter(platform, user)
    first = await clients(platform, 2)
    before = (await first.ask("join"))["joined"]
    await first.library.disconnect()
    await enter(platform, 4)
    again = await clients(platform, 2)
    after = (await again.ask("join"))["joined"]
    assert (after["number"], after["place"]["position"]) == (2, 2)
    assert before["number"] == after["number"]


async def test_an_admission_while_nobody_was_connected_is_in_the_acknowledgement(platform, clients):
    await set_policy(platform, capacity=0)
    await enter(platform, 1)
    first = await clients(platform, 1)
    await first.ask("join")
    await first.library.disconnect()
    await set_policy(platform, capacity=1)
    again = await clients(platform, 1)
    joined = (await again.ask("join"))["joined"]
    assert joined["place"]["entry_token"]
    assert "number" not in joined


async def test_a_replica_that_dies_loses_nobodys_place(platform, replica, clients):
    await set_policy(platform, capacity=0)
    for user in range(1, 6):
        await enter(platform, user)
    async with replica() as doomed:
        before = [await clients(doomed, user) for user in range(1, 6)]
        numbers = [(await client.ask("join"))["joined"]["number"] for client in before]
    for client in before:
        async with asyncio.timeout(PATIENCE_S):
            await client.closed.wait()
    after = [await clients(platform, user) for user in range(1, 6)]
    assert [(await client.ask("join"))["joined"]["number"] for client in after] == numbers
    await set_policy(platform, capacity=5)
    for client in after:
        assert (await client.hears("admitted"))["entry_token"]


async def test_news_lost_with_redis_is_found_by_looking(platform, clients, valkey):
    await set_policy(platform, capacity=0)
    await enter(platform, 1)
    client = await clients(platform, 1)
    await client.ask("join")
    from redis.asyncio import Redis

    redis = Redis.from_url(valkey.url)
    await redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    await set_policy(platform, capacity=1)
    await client.hears("admitted")
    await redis.aclose()


async def test_a_full_process_refuses_politely(bounded):
    serves, _ = bounded(Limits(connections_max=2))
    async with serves as platform, aiohttp.ClientSession() as http:
        held = [await http.ws_connect(platform.url("queue") + SOCKET) for _ in range(2)]
        for transport in ("websocket", "polling"):
            url = f"{platform.url('queue')}/socket.io/?EIO=4&transport={transport}"
            async with http.get(url) as answer:
                assert answer.status == 503
                assert answer.headers["Retry-After"]
                assert (await answer.json())["code"] == "unavailable"
        await held[0].close()
        async with http.ws_connect(platform.url("queue") + SOCKET):
            pass
        await held[1].close()


async def test_who_never_joins_the_namespace_is_shown_out(bounded):
    serves, behind = bounded(Limits(connect_within_s=0.5))
    async with (
        serves as platform,
        platform.http.ws_connect(platform.url("queue") + SOCKET) as websocket,
    ):
        assert (await websocket.receive()).data.startswith("0{")
        assert (await websocket.receive()).data == "1"
        await eventually(lambda: behind[0].server.connections_count == 0)


@pytest.mark.parametrize(
    "rubbish", ["9", "4", "42/queue,", "42/queue,{", "4x", "45-1/queue,[]", ""]
)
async def test_rubbish_ends_the_connection_and_nothing_else(platform, clients, rubbish):
    client = await clients(platform, 1)
    async with platform.http.ws_connect(platform.url("queue") + SOCKET) as websocket:
        await websocket.receive_str()
        await websocket.send_str(rubbish)
        async with asyncio.timeout(PATIENCE_S):
            while (await websocket.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
    assert (await client.ask("watch"))["joined"]


async def test_a_message_that_is_too_large_ends_the_connection(platform):
    async with platform.http.ws_connect(platform.url("queue") + SOCKET) as websocket:
        await websocket.receive_str()
        await websocket.send_str("4" + "가" * 10_000)
        message = await websocket.receive()
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert message.data == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


async def test_a_slow_reader_is_skipped_and_then_cut(bounded):
    limits = Limits(buffer_bytes_max=32 * 1024, behind_s_max=0.3)
    serves, behind = bounded(limits)
    async with serves as platform:
        await set_policy(platform, capacity=0)
        await enter(platform, 1)
        server = behind[0].server
        # A client with a small window that joins and never reads again.
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        raw.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(raw, ("127.0.0.1", platform.settings.ports["queue"]))
        handshake = (
            f"GET {SOCKET} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        await loop.sock_sendall(raw, handshake.encode())
        token = json.dumps({"token": platform.token(sub="1")})
        for text in (f"40/queue,{token}", f'42/queue,1["join",{{"event_id":{EVENT_ID}}}]'):
            body = text.encode()
            head = bytes((0x81, 0x80 | 126)) + len(body).to_bytes(2, "big") + bytes(4)
            await loop.sock_sendall(raw, head + body)
        await eventually(lambda: len(server.peers) == 1)
        (peer,) = server.peers
        written = peer.socket.transport
        payload = json.dumps({"콘서트": "가" * 2_000}, ensure_ascii=False).encode()
        largest = 0
        async with asyncio.timeout(PATIENCE_S):
            while peer.open:
                await server.broadcast([peer], event_frame("/queue", "line", payload))
                if not written.is_closing():
                    largest = max(largest, written.get_write_buffer_size())
                await asyncio.sleep(0.002)
        assert largest <= limits.buffer_bytes_max + len(payload) + 100
        await eventually(lambda: server.connections_count == 0)
        raw.close()


async def test_metrics_count_sockets_and_rooms(bounded, clients):
    serves, _ = bounded(Limits())
    async with serves as platform:
        await enter(platform, 1)
        client = await clients(platform, 1)
        await client.ask("join")
        url = platform.url("queue") + "/metrics"
        async with platform.http.get(url) as answer:
            said = await answer.text()
        for name in ("sockets_open", "sockets_joined", "rooms_followed"):
            assert f'tiketi_{name}{{service="queue"}} 1.0' in said


async def test_korean_passes_through_unharmed(bounded, clients):
    serves, behind = bounded(Limits())
    async with serves as platform:
        for user, transport in ((1, "websocket"), (2, "polling")):
            client = await clients(platform, user, transports=(transport,))
            payload = '{"제목":"아이유 콘서트 🎤"}'.encode()
            server = behind[0].server
            await server.broadcast(server.peers, event_frame("/queue", "line", payload))
            assert await client.hears("line") == {"제목": "아이유 콘서트 🎤"}
            assert (await client.ask("아이유"))["problem"]["code"] == "invalid_request"


async def test_an_invented_event_takes_no_place_in_the_process(bounded, clients):
    serves, behind = bounded(Limits())
    async with serves as platform:
        client = await clients(platform, 1)
        for event_id in range(1_000, 1_010):
            for verb in ("join", "watch"):
                answer = await client.ask(verb, event_id)
                assert answer["problem"]["code"] in {"event_not_found", "rate_limited"}
        assert behind[0].rooms_count == 0


async def test_one_user_has_so_many_connections_and_no_more(bounded, clients):
    serves, behind = bounded(Limits())
    async with serves as platform:
        held = [await clients(platform, 1) for _ in range(bounds.sockets_per_user_max)]
        with pytest.raises(socketio.exceptions.ConnectionError):
            await clients(platform, 1)
        await clients(platform, 2)
        await held[0].library.disconnect()
        await eventually(lambda: len(behind[0].server.peers) == len(held))
        await clients(platform, 1)


async def test_a_line_is_joined_again_while_the_event_service_is_away(settings, clients):
    """The queue process is a new one, and remembers no event."""
    async with serving(settings, "auth", CATALOGUE, "queue") as before:
        await set_policy(before, capacity=0)
        await enter(before, 7)
    async with serving(settings, "auth", "queue") as served:
        client = await clients(served, 7)
        assert (await client.ask("join"))["joined"]["place"]["position"] == 1
        watching = await clients(served, 8)
        assert (await watching.ask("watch"))["joined"]["line"]["waiting_count"] == 1
        assert (await watching.ask("join"))["problem"]["code"] == "not_in_queue"
        for name in ("join", "watch"):
            assert "problem" in await client.ask(name, 4_711)
