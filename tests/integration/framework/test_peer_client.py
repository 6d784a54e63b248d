"""Services calling each other: what may be repeated is, as often as said, and nothing else is."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tiketi_core.kernel.errors import UnavailableError
from tiketi_platform.adapters.peers.client import ATTEMPTS_MAX, PeerClient
from tiketi_platform.framework.clock import SystemClock
from tiketi_sdk.contract import auth, payment
from tiketi_sdk.contract.operation import Nothing

ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n"
    b'Connection: close\r\n\r\n{"keys":[]}'
)
SENT_PER_ATTEMPT_MAX = 2
"""aiohttp itself sends a GET once more when the peer hangs up on it."""
ORDER = {"paymentKey": "key", "orderId": "tk-123456", "status": "DONE"}
NOTICE = payment.WebhookRequest.model_validate(
    {"eventType": "PAYMENT_STATUS_CHANGED", "createdAt": "now", "data": ORDER}
)


STRANGE = b"HTTP/1.1 404 Not Found\r\nserver: somebody-elses\r\nContent-Length: 9\r\n\r\nnot found"


class Stranger:
    """Answers as a server that is none of ours, keeps connections, and counts them."""

    def __init__(self) -> None:
        self.connections_count = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections_count += 1
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(STRANGE)
        writer.close()


class Peer:
    """Hangs up on the first requests, then answers; counts them all."""

    def __init__(self, *, refusals_count: int) -> None:
        self.requests_count = 0
        self._refusals_count = refusals_count

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.requests_count += 1
        if self.requests_count > self._refusals_count:
            writer.write(ANSWER)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def client_of(peer: Peer | Stranger) -> AsyncIterator[PeerClient]:
    async with await asyncio.start_server(peer.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        settings = SimpleNamespace(peer_url=lambda _name: f"http://127.0.0.1:{port}")
        client = PeerClient.open("event", cast("Any", settings), SystemClock())
        try:
            yield client
        finally:
            await client.close()


async def test_a_question_is_asked_again_until_it_is_answered() -> None:
    peer = Peer(refusals_count=SENT_PER_ATTEMPT_MAX * (ATTEMPTS_MAX - 1))
    async with client_of(peer) as client:
        assert (await client.call(auth.JWKS, Nothing())).keys == ()
    assert peer.requests_count == SENT_PER_ATTEMPT_MAX * (ATTEMPTS_MAX - 1) + 1


async def test_asking_has_an_end() -> None:
    peer = Peer(refusals_count=1_000)
    async with client_of(peer) as client:
        with pytest.raises(UnavailableError):
            await client.call(auth.JWKS, Nothing())
    assert peer.requests_count == SENT_PER_ATTEMPT_MAX * ATTEMPTS_MAX


async def test_what_could_happen_twice_is_asked_once() -> None:
    peer = Peer(refusals_count=1_000)
    async with client_of(peer) as client:
        with pytest.raises(UnavailableError):
            await client.call(payment.WEBHOOK, NOTICE)
    assert peer.requests_count == 1


async def test_a_strangers_answer_is_none_and_its_connection_is_not_kept() -> None:
    """As before a new cluster's routes are in place: the address leads out, and out there somebody answers."""
    stranger = Stranger()
    async with client_of(stranger) as client:
        with pytest.raises(UnavailableError):
            await client.call(auth.JWKS, Nothing())
        assert stranger.connections_count == ATTEMPTS_MAX
        with pytest.raises(UnavailableError):
            await client.call(payment.WEBHOOK, NOTICE)
        assert stranger.connections_count == ATTEMPTS_MAX + 1
