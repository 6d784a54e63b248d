"""Keeps a client's credentials fresh and whole, whoever else changes them; knows no operation but the refresh."""

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Protocol

from tiketi_sdk.config import Credentials, CredentialStore
from tiketi_sdk.contract.auth import Session
from tiketi_sdk.errors import (
    ApiError,
    AuthenticationError,
    ConfigError,
    TiketiError,
    TokenExpiredError,
    TransportError,
)

ENTRY_TOKENS_MAX: Final = 64
LOCK_WAIT_S_MAX: Final = 30.0
"""How long another process may take over its refresh. After that we go on without the lock where only what was
given us is written, and without a refresh where a token would be spent."""
_LOCK_POLL_S: Final = 0.02
_BACKOFF_S: Final = (2.0, 10.0)
"""First and longest pause after a refresh that failed while the token was still good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncSurroundings:
    """Time and chance, so that tests need not wait or hope."""

    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    chance: Callable[[], float] = random.random
    """A number in [0, 1)."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic_s: Callable[[], float] = time.monotonic


class AsyncTrade(Protocol):
    """Sends a refresh token under a key and brings the new session; with `once`, without trying again."""

    def __call__(self, refresh_token: str, /, *, key: str, once: bool) -> Awaitable[Session]: ...


class AsyncKeeper:
    """The credentials of a client and of all that share its store.

    Whatever changes them does so between taking and giving back the store's lock: another process may
    have written a newer session since we read ours, and a refresh token written back is one used twice.
    """

    def __init__(
        self,
        store: CredentialStore,
        trade: AsyncTrade,
        *,
        refresh_before_s: float,
        surroundings: AsyncSurroundings,
    ) -> None:
        self.store = store
        self._trade = trade
        self._refresh_before_s = refresh_before_s
        self._near = surroundings
        self._changing = asyncio.Lock()
        self._attempts_count = 0
        """Those that are over."""
        self._failure: TiketiError | None = None
        self._failures_count = 0
        self._not_before_s = 0.0
        """An early refresh is not tried again before."""

    async def token(self) -> str | None:
        """The access token to show now, renewed if it is about to end."""
        held = self.store.load()
        if held.expires_at is None or held.refresh_token is None:
            return held.token
        left_s = (held.expires_at - self._near.now()).total_seconds()
        if left_s > self._refresh_before_s:
            return held.token
        if left_s <= 0:
            await self.refresh(held.token)
        elif not self._changing.locked() and self._near.monotonic_s() >= self._not_before_s:
            await self._refresh_early(held.token)
        return self.store.load().token

    async def token_after(self, spent: str) -> str | None:
        """The access token that takes the place of one that ended. Raises `TokenExpiredError` without one."""
        token = await self.token()
        if token != spent:
            return token
        if not await self.refresh(spent):
            raise TokenExpiredError(
                "log in again", status=401, code=TokenExpiredError.code_of_class
            )
        return self.store.load().token

    async def refresh(self, spent: str | None, *, once: bool = False) -> bool:
        """Trade the refresh token for a new session, once however many calls ask; whether there is one.

        Who waited for an attempt that failed shares its failure instead of making the next one.
        """
        attempts_count = self._attempts_count
        async with self._changing:
            if attempts_count != self._attempts_count and self._failure is not None:
                raise self._failure
            if not await self._lock(at_once=once):
                return False
            try:
                held = self.store.load()
                if held.token != spent:
                    return True  # another call or process was faster
                if held.refresh_token is None:
                    return False
                await self._renew(once=once)
            except AuthenticationError:
                return False
            else:
                return True
            finally:
                self.store.unlock()

    async def renew(self) -> Session:
        """Trade the refresh token now. Raises `ConfigError` without one, and what the platform says."""
        async with self.alone():
            return await self._renew(once=False)

    async def remember_session(self, session: Session, *, same_user: bool = False) -> None:
        """Act as the user of `session` from now on; another user's entry tokens are of no use."""
        async with self.alone():
            self._keep(session, same_user=same_user)

    async def remember_entry(self, event_id: int, entry_token: str | None) -> None:
        """Keep an event's entry token; None forgets it."""
        if self.store.load().entry_tokens.get(event_id) == entry_token:
            return
        async with self.alone():
            held = self.store.load()
            kept = {key: token for key, token in held.entry_tokens.items() if key != event_id}
            if entry_token is not None:
                kept[event_id] = entry_token
            latest = dict(list(kept.items())[-ENTRY_TOKENS_MAX:])
            self.store.save(replace(held, entry_tokens=latest))

    async def log_out(self, end: Callable[[str], Awaitable[object]]) -> None:
        """`end` the session of the refresh token that is held, and forget it; nobody renews it meanwhile."""
        async with self.alone():
            await end(self._own_refresh_token())
            self.store.save(Credentials())

    async def forget(self) -> None:
        """Be nobody from now on."""
        async with self.alone():
            self.store.save(Credentials())

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Nobody else changes the credentials until the block ends, in this process or another."""
        async with self._changing:
            locked = await self._lock(at_once=False)
            try:
                yield
            finally:
                if locked:
                    self.store.unlock()

    async def _refresh_early(self, spent: str | None) -> None:
        """One attempt ahead of time: if auth is away, what we hold is good for a moment yet."""
        try:
            await self.refresh(spent, once=True)
        except (ApiError, TransportError):
            first_s, longest_s = _BACKOFF_S
            pause_s = min(longest_s, first_s * 2.0 ** (self._failures_count - 1))
            self._not_before_s = self._near.monotonic_s() + pause_s

    async def _renew(self, *, once: bool) -> Session:
        """The new session, kept. A refresh token that is refused is forgotten: it will not get better."""
        self._failure = None
        refresh_token = self._own_refresh_token()
        key = self._key_to_send()
        try:
            session = await self._trade(refresh_token, key=key, once=once)
        except AuthenticationError:
            self.store.save(replace(self.store.load(), refresh_token=None, refresh_key=None))
            raise
        except (ApiError, TransportError) as error:
            self._failure = error
            self._failures_count += 1
            raise
        finally:
            self._attempts_count += 1
        self._failures_count = 0
        self._keep(session, same_user=True)
        return session

    def _keep(self, session: Session, *, same_user: bool) -> None:
        held = self.store.load() if same_user else Credentials()
        self.store.save(
            replace(
                held,
                token=session.token,
                refresh_token=session.refresh_token,
                refresh_key=None,
                expires_at=session.expires_at,
            )
        )

    async def _lock(self, *, at_once: bool) -> bool:
        deadline_s = self._near.monotonic_s() + LOCK_WAIT_S_MAX
        while not self.store.try_lock():
            if at_once or self._near.monotonic_s() >= deadline_s:
                return False
            await self._near.sleep(_LOCK_POLL_S)
        return True

    def _key_to_send(self) -> str:
        """The key of the refresh token that is held, kept before it is used: we may not live to see the answer."""
        held = self.store.load()
        if held.refresh_key is not None:
            return held.refresh_key
        key = str(uuid.uuid4())
        self.store.save(replace(held, refresh_key=key))
        return key

    def _own_refresh_token(self) -> str:
        token = self.store.load().refresh_token
        if token is None:
            raise ConfigError("this client holds no refresh token: log in first, or give one")
        return token
