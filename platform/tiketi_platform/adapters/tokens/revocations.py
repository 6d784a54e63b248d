"""Follows auth's feed of access tokens that ended before their time; asks beside the requests, never in them.

What the feed said is kept for longer than any token is good. While auth does not answer nothing new is
learnt: but then nobody can change a role either, and a token ends by itself within `access_ttl_s`. A process
that has just started believes no user's token before it has read the feed once.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from tiketi_core.kernel import bounds
from tiketi_core.kernel.errors import DomainError
from tiketi_platform.framework.access import Principal
from tiketi_platform.framework.beside import Beside
from tiketi_sdk.contract.auth_accounts import Revocations, RevocationsRequest

_log = logging.getLogger(__name__)

Fetch: TypeAlias = Callable[[RevocationsRequest], Awaitable[Revocations]]
"""Asks auth; raises UnavailableError for no answer."""

_FORGET_EVERY_S: Final = 60.0


class RevocationFeed:
    """This process's knowledge of revoked access tokens."""

    def __init__(self, *, poll_ms: int = bounds.revocation_poll_ms) -> None:
        self.is_known = False
        self.learnt_count = 0
        self._poll_s = poll_ms / 1000
        self._fetch: Fetch | None = None
        self._cursor: str | None = None
        self._reading = asyncio.Lock()
        self._running = Beside()
        self._failing = False
        self._versions: dict[str, tuple[int, float]] = {}
        """Subject → version from which tokens are good, and when it was last said."""
        self._sessions: dict[int, float] = {}
        self._forgotten_at_s = time.monotonic()

    def follow(self, fetch: Fetch) -> bool:
        """Begin to follow, unless somebody lent a way to auth already; whether this one is used."""
        if self._running.is_started:
            return False
        self._fetch = fetch
        self._running.start(self._follow())
        return True

    async def stop(self) -> None:
        """End; what is known stays known, and another may lend a way to auth."""
        self._fetch = None
        await self._running.stop()

    async def learn(self) -> None:
        """Read the feed if it was never read; raises UnavailableError when auth does not answer."""
        async with self._reading:
            if not self.is_known:
                await self._read()

    def is_over(self, principal: Principal) -> bool:
        """Whether the user's version has grown since the token was made, or its session has ended."""
        known = self._versions.get(principal.subject)
        if known is not None and principal.version < known[0]:
            return True
        return principal.session_id in self._sessions

    async def _follow(self) -> None:
        while True:
            try:
                async with self._reading:
                    await self._read()
                self._failing = False
            except DomainError as error:
                if not self._failing:
                    _log.warning("no news of revoked tokens, they run out by themselves: %s", error)
                self._failing = True
            except Exception:  # noqa: BLE001  # an answer we do not understand must not end the news for good
                _log.exception("reading revoked tokens failed")
            await asyncio.sleep(self._poll_s)

    async def _read(self) -> None:
        assert self._fetch is not None, "tokens are verified by services that run"
        more = True
        while more:
            page = await self._fetch(RevocationsRequest(cursor=self._cursor))
            now_s = time.monotonic()
            for user in page.users:
                subject = str(user.user_id)
                version = max(user.version, self._versions.get(subject, (0, 0.0))[0])
                self._versions[subject] = (version, now_s)
            self._sessions.update(dict.fromkeys(page.sessions, now_s))
            self.learnt_count += len(page.users) + len(page.sessions)
            self._cursor, more = page.cursor, page.more
        self.is_known = True
        self._forget()

    def _forget(self) -> None:
        now_s = time.monotonic()
        if now_s - self._forgotten_at_s < _FORGET_EVERY_S:
            return
        self._forgotten_at_s = now_s
        before_s = now_s - bounds.revocation_kept_s
        self._versions = {
            subject: known for subject, known in self._versions.items() if known[1] >= before_s
        }
        self._sessions = {
            number: said_s for number, said_s in self._sessions.items() if said_s >= before_s
        }
