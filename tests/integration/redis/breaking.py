"""A Valkey to kill and a TCP proxy that holds replies back or cuts them; nothing here asserts."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.engines import engine_folder
from tests.ports import free_port
from tests.waiting import PATIENCE_S
from tiketi_platform.adapters.redis import RedisClient
from tiketi_platform.runtime.engines.valkey import ValkeyServer


async def kill(server: ValkeyServer) -> None:
    """SIGKILL, as by the kernel: sockets break, nothing is said. `start()` brings it back."""
    assert server.process is not None
    server.process.kill()
    await server.stop()


class Proxy:
    """Passes bytes to a server until told to hold the replies back or to cut them."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._listener: asyncio.Server | None = None
        self._pipes: list[asyncio.StreamWriter] = []
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._cut_after_bytes: int | None = None
        self.accepted_count = 0
        self.port = 0

    async def start(self, port: int = 0) -> None:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._listener is not None
        self._listener.close()
        self._flowing.set()
        for pipe in self._pipes:
            pipe.transport.abort()
        await self._listener.wait_closed()

    def lead_to(self, port: int) -> None:
        """Whoever connects from now on comes to the server on this port."""
        self._server_port = port

    def hold_replies(self) -> None:
        """Replies pile up here; the server goes on reading commands."""
        self._flowing.clear()

    def let_flow(self) -> None:
        self._flowing.set()

    def cut_replies_after(self, size_bytes: int) -> None:
        """Pass so many bytes of the next replies, then cut the connection."""
        self._cut_after_bytes = size_bytes

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted_count += 1
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        self._pipes += [writer, up_writer]
        with contextlib.suppress(OSError):
            await asyncio.gather(self._up(reader, up_writer), self._down(up_reader, writer))
        # One side is gone: the other must learn of it.
        writer.close()
        up_writer.close()

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._flowing.wait()
            if self._cut_after_bytes is None:
                writer.write(data)
                continue
            writer.write(data[: self._cut_after_bytes])
            self._cut_after_bytes -= min(len(data), self._cut_after_bytes)
            if self._cut_after_bytes == 0:
                self._cut_after_bytes = None
                break
        writer.close()


async def eventually(holds: Callable[[], Any], *, within_s: float = PATIENCE_S) -> None:
    """Wait until `holds` (a plain or an async callable) is true; fail when it never is."""
    async with asyncio.timeout(within_s):
        while True:
            answer = holds()
            if asyncio.iscoroutine(answer):
                answer = await answer
            if answer:
                return
            await asyncio.sleep(0.005)


async def in_this_tick(holds: Callable[[], object]) -> None:
    """Return in the very tick of the loop in which `holds` is first true."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - every tick counts, and nobody tells
            await asyncio.sleep(0)


Connect = Callable[..., Awaitable[RedisClient]]
_PATIENT = {"timeout_ms": 30_000, "connect_timeout_ms": 30_000}


@asynccontextmanager
async def breakable_server() -> AsyncIterator[ValkeyServer]:
    """A Valkey of one test's own, which it may kill."""
    with engine_folder() as folder:
        server = ValkeyServer(folder, free_port(), durable=False)
        await server.start()
        try:
            yield server
        finally:
            await server.stop()


@asynccontextmanager
async def proxied(server: ValkeyServer) -> AsyncIterator[Proxy]:
    """A proxy in front of `server`."""
    proxy = Proxy(server.port)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()


@asynccontextmanager
async def connecting() -> AsyncIterator[Connect]:
    """Connects clients to database 3 of a server, or through a proxy; closes them at the end.

    They are as patient as the test, unless it says otherwise: a busy machine must not look like a broken server.
    """
    clients: list[RedisClient] = []

    async def connect(
        server: ValkeyServer, *, through: Proxy | None = None, **options: Any
    ) -> RedisClient:
        url = server.database_url(3)
        if through is not None:
            url = url.replace(f":{server.port}/", f":{through.port}/")
        client = await RedisClient.connect(url, **_PATIENT | options)
        clients.append(client)
        return client

    try:
        yield connect
    finally:
        for client in clients:
            await client.close()
