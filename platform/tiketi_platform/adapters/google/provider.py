"""What a provider says about itself, and the keys it signs with: fetched when needed, kept while they are good."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import jwt
import orjson

from tiketi_core.auth.errors import GoogleUnavailableError

TIMEOUT_S: Final = 5.0
DOCUMENT_S: Final = 3_600.0
"""How long the addresses are kept."""
KEYS_S_MAX: Final = 6 * 3_600.0
KEYS_S_DEFAULT: Final = 300.0
REFETCH_S_MIN: Final = 5.0
"""An unknown `kid` makes us fetch again at most this often: forged tokens must not make us hammer."""
RETRY_S_MIN: Final = 1.0
"""After no answer nobody asks again for so long: who waited in line for it hears so at once."""
KEYS_MAX: Final = 32
BODY_BYTES_MAX: Final = 256 * 1024

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The endpoints, from the discovery document."""

    issuer: str
    authorization: str
    token: str
    keys: str


class Provider:
    """One issuer; opens its HTTP session at first use, in the loop that serves."""

    def __init__(self, issuer_url: str, *, retry_s: float = RETRY_S_MIN) -> None:
        self._issuer_url = issuer_url.rstrip("/")
        self._retry_s = retry_s
        self._http: aiohttp.ClientSession | None = None
        self._asking = asyncio.Lock()
        self._addresses: Addresses | None = None
        self._addresses_until_s = 0.0
        self._keys: dict[str, jwt.PyJWK] = {}
        self._keys_until_s = 0.0
        self._fetched_at_s = float("-inf")
        self._ask_again_at_s = float("-inf")

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()

    async def addresses(self) -> Addresses:
        """Where to go; raises GoogleUnavailableError."""
        async with self._asking:
            return await self._known_addresses()

    async def key(self, kid: str | None) -> jwt.PyJWK | None:
        """The key of that name, fetched anew when it is unknown or what we have is old; None if there is none.

        Without a name the only one there is (OpenID Connect Core, 10.1).
        """
        async with self._asking:
            now_s = time.monotonic()
            is_stale = now_s >= self._keys_until_s
            is_unknown = (
                kid is not None
                and kid not in self._keys
                and now_s - self._fetched_at_s >= REFETCH_S_MIN
            )
            if is_stale or is_unknown:
                await self._fetch_keys()
            if kid is None:
                return next(iter(self._keys.values())) if len(self._keys) == 1 else None
            return self._keys.get(kid)

    async def post(self, url: str, fields: Mapping[str, str]) -> tuple[int, Json]:
        """A form, answered in JSON; raises GoogleUnavailableError for anything else."""
        try:
            async with self._session().post(url, data=fields, allow_redirects=False) as answer:
                return answer.status, await _object(answer)
        except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError) as error:
            raise GoogleUnavailableError(retry_after_s=1) from error

    async def _known_addresses(self) -> Addresses:
        if self._addresses is not None and time.monotonic() < self._addresses_until_s:
            return self._addresses
        said, _ = await self._get(f"{self._issuer_url}/.well-known/openid-configuration")
        try:
            addresses = Addresses(
                issuer=str(said["issuer"]),
                authorization=str(said["authorization_endpoint"]),
                token=str(said["token_endpoint"]),
                keys=str(said["jwks_uri"]),
            )
        except KeyError as error:
            raise GoogleUnavailableError("its discovery document lacks an address") from error
        if addresses.issuer.rstrip("/") != self._issuer_url:
            raise GoogleUnavailableError("its discovery document names another issuer")
        self._addresses = addresses
        self._addresses_until_s = time.monotonic() + DOCUMENT_S
        return addresses

    async def _fetch_keys(self) -> None:
        addresses = await self._known_addresses()
        said, headers = await self._get(addresses.keys)
        keys: dict[str, jwt.PyJWK] = {}
        for row in list(said.get("keys", []))[:KEYS_MAX]:
            try:
                key = jwt.PyJWK(row)
            except jwt.PyJWTError:
                # A kind of key we do not know; tokens signed with it are refused.
                continue
            if row.get("use", "sig") == "sig":
                keys[key.key_id or ""] = key
        now_s = time.monotonic()
        self._keys, self._fetched_at_s = keys, now_s
        self._keys_until_s = now_s + _good_for_s(headers.get("Cache-Control", ""))

    async def _get(self, url: str) -> tuple[Json, Mapping[str, str]]:
        if time.monotonic() < self._ask_again_at_s:
            raise GoogleUnavailableError(retry_after_s=1)
        pause_s = self._retry_s
        try:
            async with self._session().get(url, allow_redirects=False) as answer:
                if answer.status != 200:
                    raise GoogleUnavailableError(f"it answered {answer.status}", retry_after_s=1)
                said = await _object(answer)
            pause_s = 0.0
        except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError) as error:
            raise GoogleUnavailableError(retry_after_s=1) from error
        finally:
            self._ask_again_at_s = time.monotonic() + pause_s
        return said, answer.headers

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        return self._http


async def _object(answer: aiohttp.ClientResponse) -> Json:
    body = bytearray()
    # An answer comes in pieces; one read() would give the first of them.
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > BODY_BYTES_MAX:
            raise GoogleUnavailableError("it answered more than anybody needs")
    said = orjson.loads(bytes(body))
    if not isinstance(said, dict):
        raise GoogleUnavailableError("it answered something else than an object")
    return said


def _good_for_s(cache_control: str) -> float:
    for part in cache_control.split(","):
        name, _, value = part.strip().partition("=")
        if name.lower() == "max-age" and value.isdecimal():
            return min(float(value), KEYS_S_MAX)
    return KEYS_S_DEFAULT
