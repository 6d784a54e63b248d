"""What httpx fails with becomes the SDK's errors, and only a request never sent counts as unsent."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest

from tiketi_sdk import AsyncTiketi, Config, RetryPolicy, Timeouts, errors
from tiketi_sdk.config import service_urls

ONCE = RetryPolicy(retries_max=0)


@asynccontextmanager
async def serve(answer):
    """A port that says `answer` to each request and hangs up; None: says nothing until the other side goes."""
    done: list[asyncio.Task[None]] = []

    async def handle(reader, writer):
        task = asyncio.current_task()
        assert task is not None
        done.append(task)
        await reader.readuntil(b"\r\n\r\n")
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
