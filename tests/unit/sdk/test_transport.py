"""What httpx fails with becomes the SDK's errors, and only a request never sent counts as unsent."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest

from tiketi_sdk import AsyncTiketi, Config, Limits, RetryPolicy, Timeouts, errors
from tiketi_sdk.config import service_urls

ONCE = RetryPolicy(retries_max=0)


@asynccontextmanager
async def serve(answer, asked=None):
    """A port that says `answer` to each request and hangs up; None: says nothing until the other side goes."""
    done: list[asyncio.Task[None]] = []

    async def handle(reader, writer):
        task = asyncio.current_task()
        assert task is not None
        done.append(task)
        await reader.readuntil(b"\r\n\r\n")
        if asked is not None:
            asked.set()
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*done)


async def error_of(port, **settings):
    config = Config(urls=service_urls(f"http://127.0.0.1:{port}"), retries=ONCE, **settings)
    async with AsyncTiketi(config=config) as client:
        with pytest.raises(errors.TransportError) as caught:
            await client.seats.layouts()
    return caught.value


async def test_nothing_listens():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = await error_of(port)
    assert type(error) is errors.ConnectError
    assert not error.sent
    assert str(port) in str(error)


async def test_no_answer_in_time():
    async with serve(None) as port:
        error = await error_of(port, timeouts=Timeouts(request_s=0.05))
    assert type(error) is errors.RequestTimeoutError
    assert error.sent


@pytest.mark.parametrize(
    "answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"]
)
async def test_a_broken_connection(answer):
    async with serve(answer) as port:
        error = await error_of(port)
    assert type(error) is errors.ConnectionLostError
    assert error.sent


async def test_a_redirect_is_not_followed():
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n"
    async with serve(answer) as port:
        url = f"http://127.0.0.1:{port}"
        async with AsyncTiketi(url, token="t") as client:
            with pytest.raises(errors.ApiError):
                await client.seats.layouts()


async def test_all_connections_busy_is_told_as_that():
    asked = asyncio.Event()
    async with serve(None, asked) as port:
        config = Config(
            urls=service_urls(f"http://127.0.0.1:{port}"),
            retries=ONCE,
            limits=Limits(connections_max=1),
            timeouts=Timeouts(request_s=0.3),
        )
        async with AsyncTiketi(config=config) as client:
            held = asyncio.create_task(client.with_options(timeout_s=60).seats.layouts())
            await asked.wait()
            with pytest.raises(errors.ConnectionsBusyError) as caught:
                await client.seats.layouts()
            assert not caught.value.sent
            held.cancel()
            await asyncio.gather(held, return_exceptions=True)


async def test_an_answer_that_cannot_be_unpacked():
    body = b"no gzip at all"
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    async with serve(head % len(body) + body) as port:
        assert type(await error_of(port)) is errors.InvalidAnswerError


def test_a_proxy_that_cannot_be_used_is_told(monkeypatch):
    # The environment is where httpx finds proxies.
    monkeypatch.setenv("ALL_PROXY", "nonsense://127.0.0.1:1")
    with pytest.raises(errors.ConfigError, match="proxy"):
        AsyncTiketi("http://127.0.0.1")


@pytest.mark.parametrize("url", ["http://a b", "http://a\tb", "http://a\nb"])
def test_an_address_with_a_gap_is_none(url):
    with pytest.raises(errors.ConfigError):
        service_urls(url)
