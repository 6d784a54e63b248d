"""The multiplexed connection while nothing is broken: order, batching, bounds, greeting, closing."""

import asyncio
import signal
import socket

import pytest

from tiketi_platform.adapters.redis import (
    RedisClient,
    RedisOverloaded,
    RedisReplyError,
    RedisTimeout,
    RedisUnavailable,
)
from tiketi_platform.adapters.redis.replies import integers


async def test_many_callers_share_one_socket_and_each_gets_its_own_reply(connect, valkey):
    client = await connect(valkey, client_name="crowd")

    async def caller(number: int) -> None:
        for turn in range(20):
            assert await client.execute("ECHO", f"{number}:{turn}") == f"{number}:{turn}".encode()

    await asyncio.gather(*(caller(number) for number in range(200)))
    listed = await client.execute("CLIENT", "LIST")
    assert isinstance(listed, bytes)
    assert listed.count(b"name=crowd") == 1
    assert client.in_flight_count == 0


async def test_commands_of_one_tick_leave_in_one_write(connect, valkey, monkeypatch):
    client = await connect(valkey)
    connection = client._connection
    written: list[bytes] = []
    # Counting writes needs a look at the transport's edge.
    transport = connection._transport
    monkeypatch.setattr(connection, "_transport", Spy(transport, written))
    await client.pipeline([("INCR", "n")] * 100)
    assert len(written) == 1
    assert await client.execute("GET", "n") == b"100"


class Spy:
    """Passes everything on to a transport and remembers what was written."""

    def __init__(self, transport, written: list[bytes]) -> None:
        self._transport = transport
        self._written = written

    def write(self, data: bytes) -> None:
        self._written.append(data)
        self._transport.write(data)

    def __getattr__(self, name: str):
        return getattr(self._transport, name)


async def test_pipeline_returns_replies_in_order(connect, valkey):
    client = await connect(valkey)
    assert integers(await client.pipeline([("INCR", "n")] * 5)) == [1, 2, 3, 4, 5]


async def test_pipeline_raises_the_first_error_after_all_ran(connect, valkey):
    client = await connect(valkey)
    with pytest.raises(RedisReplyError, match="WRONGTYPE"):
        await client.pipeline([("SET", "a", 1), ("LPUSH", "a", 1), ("SET", "b", 2)])
    assert await client.execute("GET", "b") == b"2"


async def test_an_error_reply_has_its_prefix_and_harms_nobody_else(connect, valkey):
    client = await connect(valkey)
    await client.execute("SET", "a", "text")
    bad, good = client.execute("INCR", "a"), client.execute("GET", "a")
    with pytest.raises(RedisReplyError) as caught:
        await bad
    assert caught.value.prefix == "ERR"
    assert await good == b"text"


async def test_greeting_selects_the_database_and_names_the_connection(connect, valkey):
    client = await connect(valkey, client_name="named")
    info = await client.execute("CLIENT", "INFO")
    assert isinstance(info, bytes)
    assert b" name=named " in info
    assert b" db=3 " in info


async def test_unix_socket(valkey):
    password = valkey.url.partition("//:")[2].partition("@")[0]
    url = f"unix://:{password}@{valkey.socket_path}?db=5"
    async with await RedisClient.connect(url) as client:
        info = await client.execute("CLIENT", "INFO")
        assert isinstance(info, bytes)
        assert b" db=5 " in info


async def test_wrong_password_is_told_at_once_and_never_shown(valkey):
    with pytest.raises(RedisReplyError) as caught:
        await RedisClient.connect(f"redis://:hunter2@127.0.0.1:{valkey.port}/0")
    assert caught.value.prefix == "WRONGPASS"
    assert "hunter2" not in str(caught.value)


async def test_nobody_listens():
    with socket.socket() as taken:  # bound, so that nobody else gets it, and not listening
        taken.bind(("127.0.0.1", 0))
        url = f"redis://:hunter2@127.0.0.1:{taken.getsockname()[1]}/0"
        with pytest.raises(RedisUnavailable) as caught:
            await RedisClient.connect(url)
    assert caught.value.sent is False
    assert "hunter2" not in str(caught.value)


async def test_commands_that_change_the_shared_connection_are_refused(connect, valkey):
    client = await connect(valkey)
    for command in ("MULTI", b"subscribe", "select"):
        with pytest.raises(ValueError, match="connection that all share"):
            client.execute(command, "1")


async def test_an_argument_of_no_wire_type_is_refused_and_takes_no_slot(connect, valkey):
    client = await connect(valkey)
    with pytest.raises(TypeError):
        client.execute("SET", "a", object())
    assert client.in_flight_count == 0
    assert await client.execute("EXISTS", "a") == 0


async def test_in_flight_is_bounded_and_the_refused_did_not_run(connect, valkey):
    client = await connect(valkey, in_flight_max=10)
    futures = [client.execute("INCR", "n") for _ in range(15)]
    results = await asyncio.gather(*futures, return_exceptions=True)
    assert results[:10] == list(range(1, 11))
    assert all(isinstance(result, RedisOverloaded) for result in results[10:])
    assert await client.execute("GET", "n") == b"10"


async def test_cancelled_callers_leave_the_replies_of_the_others_right(connect, valkey):
    client = await connect(valkey)
    waiters = [asyncio.ensure_future(client.execute("ECHO", str(n))) for n in range(100)]
    for waiter in waiters[::3]:
        waiter.cancel()
    results = await asyncio.gather(*waiters, return_exceptions=True)
    for number, result in enumerate(results):
        if number % 3 == 0:
            assert isinstance(result, asyncio.CancelledError)
        else:
            assert result == str(number).encode()


async def test_a_deadline_of_its_own_runs_out_alone(connect, valkey):
    client = await connect(valkey)
    valkey.process.send_signal(signal.SIGSTOP)
    try:
        impatient = client.execute("ECHO", "impatient", timeout_ms=20)
        behind = client.execute("ECHO", "behind")
        with pytest.raises(RedisTimeout):
            await impatient
    finally:
        valkey.process.send_signal(signal.SIGCONT)
    assert await behind == b"behind"


async def test_close_lets_replies_arrive_and_refuses_what_comes_later(connect, valkey):
    client = await connect(valkey)
    last = client.execute("ECHO", "last")
    await client.close()
    assert await last == b"last"
    with pytest.raises(RedisUnavailable, match="closed") as caught:
        await client.execute("PING")
    assert caught.value.sent is False
    await client.close()
