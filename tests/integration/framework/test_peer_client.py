"""Services calling each other: what may be repeated is, as often as said, and nothing else is."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest

from tiketi_core.kernel.errors import UnavailableError
from tiketi_platform.adapters.peers.client import ATTEMPTS_MAX, PeerClient
from tiketi_platform.framework.clock import SystemClock
from tiketi_sdk.contract import auth, payment
from tiketi_sdk.contract.operation import Nothing
from tiketi_sdk.errors import ApiError

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
CONTACTS = auth.ContactsRequest(user_ids=(7,))

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


class Ended:
    """Auth and another service in one: gives a new token each time, and believes only some of them."""

    def __init__(self, *, refused: set[str]) -> None:
        self.given_count = 0
        self.shown: list[str] = []
        self._refused = refused

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(line for line in head.lower().splitlines() if "content-length:" in line)
        await reader.readexactly(int(length.partition(":")[2]))
        if "/service-token " in head:
            self.given_count += 1
            given = {"token": f"t-{self.given_count}", "expires_at": "2999-01-01T00:00:00Z"}
            writer.write(_answer("200 OK", "application/json", given))
        else:
            shown = head.partition("Bearer ")[2].partition("\r\n")[0]
            self.shown.append(shown)
            if shown in self._refused:
                problem = {
                    "type": "about:blank", "title": "no", "status": 401, "code": "token_invalid",
                    "detail": "no", "request_id": "r",
                }  # fmt: skip
                writer.write(_answer("401 Unauthorized", "application/problem+json", problem))
            else:
                writer.write(_answer("200 OK", "application/json", {"items": []}))
        await writer.drain()
        writer.close()


def _answer(status: str, content_type: str, body: Mapping[str, object]) -> bytes:
    content = orjson.dumps(body)
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(content)}"
    return f"{head}\r\nConnection: close\r\n\r\n".encode() + content


@asynccontextmanager
async def client_of(peer: Peer | Stranger | Ended) -> AsyncIterator[PeerClient]:
    async with await asyncio.start_server(peer.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        settings = SimpleNamespace(
            peer_url=lambda _name: f"http://127.0.0.1:{port}", secret=lambda _name: "s" * 32
        )
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


async def test_a_token_whose_key_was_ended_is_traded_for_another() -> None:
    peer = Ended(refused={"t-1"})
    async with client_of(peer) as client:
        for _ in range(2):
            await client.call(auth.CONTACTS, CONTACTS)
    assert peer.shown == ["t-1", "t-2", "t-2"]


async def test_a_peer_that_believes_no_token_is_asked_twice() -> None:
    peer = Ended(refused={"t-1", "t-2"})
    async with client_of(peer) as client:
        with pytest.raises(ApiError) as refused:
            await client.call(auth.CONTACTS, CONTACTS)
    assert refused.value.status == 401
    assert peer.shown == ["t-1", "t-2"]


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
