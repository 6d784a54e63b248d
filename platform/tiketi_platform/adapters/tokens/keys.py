"""Finds the public key a token was signed with: fetched from the service that signs, and remembered."""

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tiketi_sdk.contract.auth import Jwk, Jwks

REFRESH_S_MIN: Final = 5.0
"""An unknown `kid` makes us fetch again at most this often, so that forged tokens cannot make us hammer."""
KEYS_MAX: Final = 32
"""Keys taken from one answer."""


class RemoteKeys:
    """The public keys of one signing service."""

    def __init__(self, fetch: Callable[[], Awaitable[Jwks]]) -> None:
        self._fetch = fetch
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._fetched_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def key(self, kid: str) -> Ed25519PublicKey | None:
        """The key of that name, or None; raises what `fetch` raises when nothing is known yet."""
        known = self._keys.get(kid)
        if known is None and time.monotonic() - self._fetched_at >= REFRESH_S_MIN:
            await self._refresh()
            known = self._keys.get(kid)
        return known

    async def _refresh(self) -> None:
        async with self._fetching:
            if time.monotonic() - self._fetched_at < REFRESH_S_MIN:
                return
            jwks = await self._fetch()
            self._keys = {jwk.kid: public_key(jwk) for jwk in jwks.keys[:KEYS_MAX]}
            self._fetched_at = time.monotonic()


class LocalKeys:
    """The public keys of a signer in this process."""

    def __init__(self, jwks: Jwks) -> None:
        self._keys = {jwk.kid: public_key(jwk) for jwk in jwks.keys}

    async def key(self, kid: str) -> Ed25519PublicKey | None:
        """The key of that name, or None."""
        return self._keys.get(kid)


def public_key(jwk: Jwk) -> Ed25519PublicKey:
    """The key itself."""
    return Ed25519PublicKey.from_public_bytes(
        base64.urlsafe_b64decode(jwk.x + "=" * (-len(jwk.x) % 4))
    )
