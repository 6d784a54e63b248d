"""The multiplexed connection broken for real: killed server, killed client, stalled and cut replies."""

import asyncio
import signal

import pytest

from tests.integration.redis.breaking import eventually, in_this_tick, kill
from tests.waiting import PATIENCE_S
from tiketi_platform.adapters.redis import (
    RedisClient,
    RedisOverloaded,
    RedisTimeout,
    RedisUnavailable,
)

LONG_MS = 1_000 * int(PATIENCE_S)


def has_lived_long(client) -> None:
    """Its connection counts as steady: the client reconnects without a pause when it breaks."""
    client._connection.opened_at_s -= 60


async def kill_our_connection(server, client) -> None:
    number = await client.execute("CLIENT", "ID")
    async with await RedisClient.connect(server.url) as other:
        await other.execute("CLIENT", "KILL", "ID", number)


async def ping(client) -> bool:
    try:
        return bool(await client.execute("PING") == b"PONG")
    except (RedisUnavailable, RedisTimeout):
        return False


async def test_server_killed_fails_fast_then_heals(connect, server):
    client = await connect(server, backoff_ms_max=50)
    has_lived_long(client)
    await kill(server)
    await eventually(lambda: not client.connected)
    await eventually(lambda: client._connection is None)
    refused = client.execute("PING")
    assert refused.done()  # it waits for nothing
    with pytest.raises(RedisUnavailable) as caught:
        await refused
    assert caught.value.sent is False
    await server.start()
    await eventually(lambda: ping(client))
    info = await client.execute("CLIENT", "INFO")
    assert b" db=3 " in info
    assert b" name=tiketi " in info
    assert client.reconnects_count == 1


async def test_commands_in_flight_at_the_kill_fail_as_perhaps_done(connect, server, proxy):
    client = await connect(server, through=proxy)
    proxy.hold_replies()
    owed = [client.execute("INCR", "n") for _ in range(50)]
    await asyncio.sleep(0)
    await kill(server)
    proxy.let_flow()
    results = await asyncio.gather(*owed, return_exceptions=True)
    # What arrived before the cut is an answer; everything else is an honest "perhaps".
    for result in results:
        assert isinstance(result, int) or (isinstance(result, RedisUnavailable) and result.sent)


async def test_a_killed_client_connection_is_replaced_and_nothing_runs_twice(connect, server):
    client = await connect(server)
    has_lived_long(client)
    await kill_our_connection(server, client)
    await eventually(lambda: client.reconnects_count == 1)
    assert await client.execute("INCR", "n") == 1


async def test_commands_issued_while_the_first_reconnect_runs_wait_for_it(connect, server):
    client = await connect(server)
    has_lived_long(client)

    async def at_the_break():
        await in_this_tick(lambda: not client.connected)
        return await client.pipeline([("INCR", "n")] * 10)

    waiting = asyncio.create_task(at_the_break())
    await kill_our_connection(server, client)
    assert await waiting == list(range(1, 11))
    assert client.reconnects_count == 1


async def test_a_caller_that_left_before_the_reconnect_is_not_sent(connect, server):
    client = await connect(server)
    has_lived_long(client)

    async def at_the_break():
        await in_this_tick(lambda: not client.connected)
        kept, left, also_kept = (client.execute("INCR", "n") for _ in range(3))
        left.cancel()
        return [await kept, await also_kept]

    waiting = asyncio.create_task(at_the_break())
    await kill_our_connection(server, client)
    assert await waiting == [1, 2]
    assert await client.execute("GET", "n") == b"2"


async def test_stalled_replies_time_out_and_later_replies_are_still_right(connect, server, proxy):
    client = await connect(server, through=proxy, timeout_ms=100, silence_ms=LONG_MS)
    proxy.hold_replies()
    results = await asyncio.gather(
        *(client.execute("ECHO", f"late {n}") for n in range(20)), return_exceptions=True
    )
    assert all(isinstance(result, RedisTimeout) and result.sent for result in results)
    assert client.in_flight_count == 20
    patient = [client.execute("ECHO", f"patient {n}", timeout_ms=LONG_MS) for n in range(20)]
    with pytest.raises(RedisTimeout):
        await client.execute("ECHO", "impatient, after the patient")
    proxy.let_flow()
    assert await asyncio.gather(*patient) == [b"patient %d" % n for n in range(20)]
    assert await client.execute("ECHO", "now", timeout_ms=LONG_MS) == b"now"
    assert client.in_flight_count == 0
    assert client.reconnects_count == 0


async def test_deadlines_hold_for_each_tick_after_a_stall(connect, server, proxy):
    client = await connect(server, through=proxy, timeout_ms=100, silence_ms=LONG_MS)
    proxy.hold_replies()
    for _ in range(4):
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(RedisTimeout) as caught:
                await client.execute("PING")
        assert caught.value.sent


async def test_a_silent_connection_is_cut_and_replaced(connect, server, proxy):
    client = await connect(server, through=proxy, timeout_ms=100, silence_ms=300)
    proxy.hold_replies()
    patient = client.execute("PING", timeout_ms=300)
    with pytest.raises(RedisTimeout):
        await client.execute("PING")
    with pytest.raises((RedisUnavailable, RedisTimeout)):
        await patient
    await eventually(lambda: not client.connected)
    proxy.let_flow()
    await eventually(lambda: ping(client))
    assert proxy.accepted_count >= 2


async def test_a_stall_with_abandoned_callers_stays_within_the_bound(connect, server, proxy):
    client = await connect(server, through=proxy, in_flight_max=50)
    proxy.hold_replies()
    abandoned = [client.execute("ECHO", "gone") for _ in range(50)]
    await asyncio.sleep(0)
    for future in abandoned:
        future.cancel()
    with pytest.raises(RedisOverloaded):
        await client.execute("PING")
    proxy.let_flow()
    await eventually(lambda: client.in_flight_count == 0)
    assert await client.execute("ECHO", "next") == b"next"


async def test_outgoing_bytes_are_bounded_while_the_socket_takes_none(connect, server):
    client = await connect(server, outgoing_bytes_max=65_536)
    server.process.send_signal(signal.SIGSTOP)
    try:
        # It reads nothing, and we write more than the kernel buffers.
        accepted = [client.execute("SET", f"big{n}", "x" * 4_000_000) for n in range(4)]
        await eventually(lambda: client._connection._congested)
        with pytest.raises(RedisOverloaded):
            await client.execute("PING")
    finally:
        server.process.send_signal(signal.SIGCONT)
    assert await asyncio.gather(*accepted) == [b"OK"] * 4
    assert await client.execute("PING") == b"PONG"


@pytest.mark.parametrize("size_bytes", [0, 1, 7, 1_000, 9_000])
async def test_a_reply_cut_in_the_middle(connect, server, proxy, size_bytes):
    client = await connect(server, through=proxy)
    await client.execute("SET", "long", "x" * 8_000)
    has_lived_long(client)
    proxy.cut_replies_after(size_bytes)
    results = await client_gather(client, [("GET", "long"), ("GET", "long"), ("ECHO", "end")])
    whole_count = size_bytes // 8_009
    assert results[:whole_count] == [b"x" * 8_000] * whole_count
    assert all(isinstance(result, RedisUnavailable) for result in results[whole_count:])
    await eventually(lambda: ping(client))
    assert await client.execute("GET", "long") == b"x" * 8_000


async def client_gather(client, commands):
    return await asyncio.gather(
        *(client.execute(*command) for command in commands), return_exceptions=True
    )


async def test_bytes_that_are_no_reply_cut_the_connection():
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greeting = b""
        while b"PING" not in greeting:
            greeting += await reader.read(65_536)
        writer.write(b"+OK\r\n" * (greeting.count(b"*") - 1) + b"+PONG\r\n")
        await reader.read(65_536)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()
        writer.close()

    listener = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        async with await RedisClient.connect(f"redis://127.0.0.1:{port}") as client:
            with pytest.raises(RedisUnavailable, match="not a reply"):
                await client.execute("GET", "a")


async def test_close_while_reconnecting_ends_everything(connect, server):
    client = await connect(server)
    await kill(server)
    await eventually(lambda: not client.connected)
    await client.close()
    assert client._reopening is None or client._reopening.done()
