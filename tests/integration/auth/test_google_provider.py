"""A provider that answers slowly, in pieces, in vain or too much."""

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest
from aiohttp import web

from tiketi_core.auth.errors import GoogleRefusedError, GoogleUnavailableError
from tiketi_platform.adapters.google import provider as module
from tiketi_platform.adapters.google.client import GoogleClient
from tiketi_platform.adapters.google.provider import Provider
from tiketi_platform.sandbox.google.signing import Keys

LONG_S = 3_600.0
NOW_S = 1_800_000_000
CLIENT_ID = "tiketi"


class Clock:
    def now_ms(self) -> int:
        return NOW_S * 1_000


class Halting:
    """Says everything in two pieces, and counts how often it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.padding = ""
        self.keys = Keys()
        self.id_token = ""
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        says = {
            "/.well-known/openid-configuration": {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/certs",
            },
            "/certs": self.keys.certs(),
            "/token": {"id_token": self.id_token},
        }
        body = orjson.dumps({**says[request.path], "padding": self.padding})
        response = web.StreamResponse(status=self.status)
        await response.prepare(request)
        await response.write(body[:10])
        # So that the pieces arrive apart; were they to arrive together, nothing would be different.
        await asyncio.sleep(0.02)
        await response.write(body[10:])
        return response


@pytest.fixture
async def halting() -> AsyncIterator[Halting]:
    server = Halting()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


@pytest.fixture
async def provider(halting: Halting) -> AsyncIterator[Provider]:
    opened = Provider(halting.url, retry_s=LONG_S)
    yield opened
    await opened.close()


def claims(server: Halting, **changes: object) -> dict[str, object]:
    return {
        "iss": server.url,
        "aud": CLIENT_ID,
        "sub": "1",
        "email": "minji@example.com",
        "iat": NOW_S,
        "exp": NOW_S + 60,
        **changes,
    }


async def test_an_answer_in_pieces_is_one_answer_and_time_is_our_clocks(
    halting: Halting, provider: Provider
) -> None:
    client = GoogleClient(provider, Clock(), client_id=CLIENT_ID, client_secret=None)
    halting.id_token = halting.keys.sign(claims(halting))
    identity = await client.redeem("code", redirect_uri="http://127.0.0.1/", verifier=None)
    assert identity.email == "minji@example.com"
    for changes in (
        {"exp": NOW_S - 61},
        {"iat": NOW_S + 61},
        {"nbf": NOW_S + 61},
        {"nbf": "soon"},
    ):
        halting.id_token = halting.keys.sign(claims(halting, **changes))
        with pytest.raises(GoogleRefusedError):
            await client.redeem("code", redirect_uri="http://127.0.0.1/", verifier=None)


async def test_who_waited_behind_a_failure_hears_of_it_without_asking_again(
    halting: Halting, provider: Provider
) -> None:
    halting.status = 500
    asked = await asyncio.gather(
        *(provider.addresses() for _ in range(4)),
        *(provider.key(f"made-up-{number}") for number in range(4)),
        return_exceptions=True,
    )
    assert {type(each) for each in asked} == {GoogleUnavailableError}
    assert len(halting.asked) == 1


async def test_an_answer_without_an_end_is_not_read_to_its_end(
    halting: Halting, provider: Provider
) -> None:
    halting.padding = "x" * (module.BODY_BYTES_MAX + 1)
    with pytest.raises(GoogleUnavailableError, match="more than anybody needs"):
        await provider.addresses()
