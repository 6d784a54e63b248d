"""A Google service account and the access tokens it gets (RFC 7523); the private key stays here."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final, Self

import aiohttp
import jwt
import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tiketi_core.notification.errors import ProviderDownError

SCOPE: Final = "https://www.googleapis.com/auth/firebase.messaging"
GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_TTL_S: Final = 3_600
MARGIN_S: Final = 60
"""An access token is renewed so long before it ends."""


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """What the JSON key file of a service account says."""

    project_id: str
    client_email: str
    private_key: str = field(repr=False)
    token_uri: str = "https://oauth2.googleapis.com/token"  # noqa: S105  # an address

    @classmethod
    def from_json(cls, text: str) -> Self:
        """ValueError or KeyError for what is no key file."""
        said = orjson.loads(text)
        return cls(said["project_id"], said["client_email"], said["private_key"], said["token_uri"])

    @classmethod
    def made_up(cls, base_url: str) -> Self:
        """An account for the sandbox at `base_url`, which believes every key."""
        key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return cls("tiketi-sandbox", "push@sandbox", pem.decode(), f"{base_url}/token")

    def assertion(self, now_s: int) -> str:
        """The signed claim to be this account."""
        claims = {
            "iss": self.client_email,
            "scope": SCOPE,
            "aud": self.token_uri,
            "iat": now_s,
            "exp": now_s + ASSERTION_TTL_S,
        }
        return jwt.encode(claims, self.private_key, algorithm="RS256")


class AccessTokens:
    """One account's access token, renewed before it ends."""

    def __init__(self, account: ServiceAccount, http: aiohttp.ClientSession) -> None:
        self._account = account
        self._http = http
        self._token = ""
        self._good_until_s = 0.0
        self._renewing = asyncio.Lock()

    async def get(self) -> str:
        """A token that is good for a minute at least. ProviderDownError when Google gives none."""
        async with self._renewing:
            if time.monotonic() >= self._good_until_s:
                await self._renew()
            return self._token

    def forget(self, token: str) -> None:
        """It was refused: get another."""
        if token == self._token:
            self._good_until_s = 0.0

    async def _renew(self) -> None:
        form = {"grant_type": GRANT, "assertion": self._account.assertion(int(time.time()))}
        try:
            async with self._http.post(self._account.token_uri, data=form) as response:
                said = orjson.loads(await response.read())
                self._token = said["access_token"]
                self._good_until_s = time.monotonic() + said["expires_in"] - MARGIN_S
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError) as error:
            raise ProviderDownError(f"no access token for push messages: {error!r}") from error
