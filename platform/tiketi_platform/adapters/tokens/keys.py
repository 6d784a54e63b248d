"""Finds the public key a token was signed with: fetched from the service that signs, and asked for again.

A key counts as long as its service publishes it. It is asked beside the requests, so that no token waits for
it; while nobody answers, what is known goes on counting, because else an outage of one service would be one of all.
"""

import asyncio
import base64
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from nacl.signing import VerifyKey

from tiketi_core.kernel.errors import DomainError, UnavailableError
from tiketi_platform.framework.beside import Beside
from tiketi_sdk.contract.auth import Jwk, Jwks

_log = logging.getLogger(__name__)

REFRESH_S_MIN: Final = 5.0
"""An unknown `kid` makes us ask again at most this often, so that forged tokens cannot make us hammer."""
RETRY_S_MIN: Final = 1.0
"""The same where nobody answered: whoever comes meanwhile hears so at once."""
FRESH_S: Final = 60.0
"""How late a key that is published no more is forgotten, its service answering."""
KEYS_MAX: Final = 32
"""Keys taken from one answer."""


class RemoteKeys:
    """The public keys of one signing service. `on_lost` is told each `kid` that is published no more."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Jwks]],
        *,
        on_lost: Callable[[str], None] = lambda _kid: None,
        fresh_s: float = FRESH_S,
        refresh_s: float = REFRESH_S_MIN,
        retry_s: float = RETRY_S_MIN,
    ) -> None:
        self._fetch = fetch
        self._on_lost = on_lost
        self._fresh_s = fresh_s
        self._refresh_s = refresh_s
        self._retry_s = retry_s
        self._keys: dict[str, VerifyKey] = {}
        self._jwks: Jwks | None = None
        self._ask_again_at_s = float("-inf")
        self._is_failing = False
        self._fetching = asyncio.Lock()
        self._following = Beside()

    def follow(self) -> None:
        """Ask again every minute from now on, once there is something to forget."""
        self._following.start(self._follow())

    async def stop(self) -> None:
        """Ask no more by itself."""
        await self._following.stop()

    async def key(self, kid: str) -> VerifyKey | None:
        """The key of that name, or None; raises UnavailableError when nothing is known yet."""
        known = self._keys.get(kid)
        if known is None:
            await self._look_again()
            known = self._keys.get(kid)
        return known

    async def _look_again(self) -> None:
        async with self._fetching:
            if time.monotonic() >= self._ask_again_at_s:
                await self._refresh()
            elif self._is_failing:
                raise UnavailableError("no answer about signing keys", retry_after_s=1)

    async def _refresh(self) -> None:
        self._is_failing = True
        try:
            jwks = await self._fetch()
            self._is_failing = False
        finally:
            pause_s = self._retry_s if self._is_failing else self._refresh_s
            self._ask_again_at_s = time.monotonic() + pause_s
        if jwks == self._jwks:
            return
        keys = {jwk.kid: verify_key(jwk) for jwk in jwks.keys[:KEYS_MAX]}
        lost = [kid for kid, key in self._keys.items() if keys.get(kid) != key]
        self._keys, self._jwks = keys, jwks
        for kid in lost:
            _log.info("the key %s is published no more", kid)
            self._on_lost(kid)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(self._fresh_s)
            if self._jwks is None:
                continue
            try:
                async with self._fetching:
                    await self._refresh()
            except DomainError as error:
                _log.warning("no news of signing keys, those that are known go on: %s", error)
            except Exception:  # noqa: BLE001  # an answer we do not understand must not end the news for good
                _log.exception("reading signing keys failed")


class LocalKeys:
    """The public keys of a signer in this process."""

    def __init__(self, jwks: Jwks) -> None:
        self._keys = {jwk.kid: verify_key(jwk) for jwk in jwks.keys}

    async def key(self, kid: str) -> VerifyKey | None:
        """The key of that name, or None."""
        return self._keys.get(kid)


def verify_key(jwk: Jwk) -> VerifyKey:
    """The key itself."""
    return VerifyKey(base64.urlsafe_b64decode(jwk.x + "=" * (-len(jwk.x) % 4)))
