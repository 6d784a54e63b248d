"""Credentials stay whole and fresh while several calls, clients and processes use them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.sdk.test_client import SESSION, USER, place
from tiketi_sdk import AsyncTiketi, Credentials, errors
from tiketi_sdk.caller import EARLY_REFRESH_S
from tiketi_sdk.config import MemoryStore
from tiketi_sdk.retries import NONE
from tiketi_sdk.session import AsyncKeeper, AsyncSurroundings


class Crowded(MemoryStore):
    """A store that another process changes while we wait for its lock."""

    def __init__(self, credentials: Credentials, after: Credentials) -> None:
        super().__init__(credentials)
        self._after = after
        self._locks_count = 0
        self.is_locked = False
        self.saved_unlocked_count = 0

    def try_lock(self) -> bool:
        self._locks_count += 1
        if self._locks_count == 1:
            super().save(self._after)
            return False
        self.is_locked = True
        return True

    def unlock(self) -> None:
        self.is_locked = False

    def save(self, credentials: Credentials) -> None:
        self.saved_unlocked_count += not self.is_locked
        super().save(credentials)


def good_for(time, seconds):
    return Credentials(
        token="t-1", refresh_token="r-1", expires_at=time.now() + timedelta(seconds=seconds)
    )


async def test_an_entry_token_is_noted_without_undoing_anothers_refresh(platform, make_client):
    ours = Credentials(token="t-1", refresh_token="r-1")
    store = Crowded(ours, replace(ours, token="t-2", refresh_token="r-2"))
    client = make_client(credentials=store)
    platform.answers("POST /api/queue/enter", place("admitted", position=0, entry_token="e"))
    await client.queue.enter(1)
    assert (store.load().token, store.load().refresh_token) == ("t-2", "r-2")
    assert store.load().entry_tokens == {1: "e"}
    assert (store.is_locked, store.saved_unlocked_count) == (False, 0)


async def test_a_refresh_by_hand_uses_what_is_there_once_the_lock_is(platform, make_client):
    ours = Credentials(token="t-1", refresh_token="r-1", entry_tokens={1: "e"})
    store = Crowded(ours, replace(ours, token="t-x", refresh_token="r-x"))
    client = make_client(credentials=store)
    platform.answers("POST /api/auth/refresh", SESSION)
    await client.auth.refresh()
    assert platform.seen[0].json == {"refresh_token": "r-x"}
    assert (store.load().refresh_token, store.load().entry_tokens) == ("r-2", {1: "e"})


async def test_logging_out_ends_the_session_that_another_process_renewed(platform, make_client):
    ours = Credentials(token="t-1", refresh_token="r-1")
    store = Crowded(ours, replace(ours, token="t-x", refresh_token="r-x"))
    client = make_client(credentials=store)
    platform.answers("POST /api/auth/logout", {"logged_out": True})
    await client.auth.logout()
    assert platform.seen[0].json == {"refresh_token": "r-x"}
    assert store.load() == Credentials()


async def test_ending_somebody_elses_session_keeps_ones_own(platform, make_client):
    client = make_client(token="t-1", refresh_token="r-1")
    platform.answers("POST /api/auth/logout", {"logged_out": True})
    await client.auth.logout(refresh_token="r-9")
    assert client.credentials.refresh_token == "r-1"


async def test_calls_with_a_good_token_do_not_queue_for_an_auth_that_is_away(
    platform, make_client, time
):
    client = make_client(credentials=MemoryStore(good_for(time, 25)))
    platform.refuses("POST /api/auth/refresh", 503, "unavailable")
    platform.answers("GET /api/auth/me", USER)
    await asyncio.gather(*(client.auth.me() for _ in range(10)))
    assert len(platform.calls("/api/auth/refresh")) == 1
    assert len(platform.calls("/api/auth/me")) == 10
    assert time.slept_s == []
    time.elapsed_s += 3
    await client.auth.me()
    await client.auth.me()
    assert len(platform.calls("/api/auth/refresh")) == 2


async def test_an_early_refresh_comes_once_auth_is_back(platform, make_client, time):
    client = make_client(credentials=MemoryStore(good_for(time, 25)))
    platform.refuses("POST /api/auth/refresh", 503, "unavailable")
    platform.answers("POST /api/auth/refresh", SESSION)
    platform.answers("GET /api/auth/me", USER)
    await client.auth.me()
    time.elapsed_s += 3
    await client.auth.me()
    assert [each.headers["authorization"] for each in platform.calls("/api/auth/me")] == [
        "Bearer t-1", "Bearer t-2",
    ]  # fmt: skip


async def test_who_waited_for_a_refresh_shares_its_failure(platform, make_client, time):
    client = make_client(credentials=MemoryStore(good_for(time, 0)))
    platform.refuses("POST /api/auth/refresh", 503, "unavailable")
    found = await asyncio.gather(*(client.auth.me() for _ in range(5)), return_exceptions=True)
    assert {type(each) for each in found} == {errors.ServiceUnavailableError}
    sent_count = len(platform.calls("/api/auth/refresh"))
    # Threads may come one after another, and then each tries; tasks come together.
    assert sent_count == 4 if isinstance(client, AsyncTiketi) else sent_count in range(4, 21, 4)


@pytest.mark.parametrize("expired", [True, False], ids=["spent", "good"])
async def test_a_refused_refresh_token_is_forgotten(platform, make_client, time, expired):
    store = MemoryStore(good_for(time, 0 if expired else 25))
    client = make_client(credentials=store)
    platform.refuses("POST /api/auth/refresh", 401, "refresh_token_reused")
    platform.refuses("GET /api/auth/me", 401, "token_expired")
    with pytest.raises(errors.TokenExpiredError):
        await client.auth.me()
    assert store.load().refresh_token is None
    assert len(platform.calls("/api/auth/refresh")) == 1


async def test_a_refresh_whose_answer_was_lost_is_asked_for_under_the_same_key(
    platform, make_client, time
):
    client = make_client(credentials=MemoryStore(good_for(time, 25)))
    platform.refuses("POST /api/auth/refresh", 503, "unavailable")
    platform.refuses("POST /api/auth/refresh", 503, "unavailable")
    platform.answers("POST /api/auth/refresh", SESSION)
    platform.answers("GET /api/auth/me", USER)
    await client.auth.me()
    time.elapsed_s += 30
    await client.auth.me()
    sent = platform.calls("/api/auth/refresh")
    assert len(sent) == 3
    assert len({each.headers["idempotency-key"] for each in sent}) == 1
    await client.auth.refresh()
    assert platform.seen[-1].headers["idempotency-key"] != sent[0].headers["idempotency-key"]


async def test_another_client_of_the_store_asks_for_a_lost_answer_under_the_same_key(
    platform, make_client, time
):
    store = MemoryStore(good_for(time, 25))
    platform.refuses("POST /api/auth/refresh", 503, "unavailable")
    platform.answers("POST /api/auth/refresh", SESSION)
    platform.answers("GET /api/auth/me", USER)
    await make_client(credentials=store).auth.me()
    await make_client(credentials=store).auth.me()
    first, second = platform.calls("/api/auth/refresh")
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert (store.load().refresh_token, store.load().refresh_key) == ("r-2", None)


async def test_the_key_is_kept_before_the_token_is_sent(time):
    class Interrupted(BaseException):
        """Ctrl-C in the middle of a refresh."""

    async def trade(refresh_token, /, *, key, once):
        kept.append((store.is_locked, store.load().refresh_key == key))
        keys.append(key)
        raise Interrupted

    kept: list[tuple[bool, bool]] = []
    keys: list[str] = []
    ours = good_for(time, 0)
    store = Crowded(ours, ours)
    for _ in range(2):
        near = AsyncSurroundings(sleep=time.sleep_async, now=time.now)
        keeper = AsyncKeeper(store, trade, refresh_before_s=30, surroundings=near)
        with pytest.raises(Interrupted):
            await keeper.refresh("t-1")
    assert kept == [(True, True)] * 2
    assert len(set(keys)) == 1
    assert (store.is_locked, store.saved_unlocked_count) == (False, 0)


async def test_an_early_refresh_is_waited_for_a_moment_only(time):
    class Noting:
        """Auth that hangs."""

        async def send(self, base_url, request, *, timeout_s=None):
            waits_s.append(timeout_s)
            raise errors.RequestTimeoutError("no answer")

        async def close(self):
            return

    waits_s: list[float | None] = []
    near = AsyncSurroundings(
        sleep=time.sleep_async, now=time.now, monotonic_s=lambda: time.elapsed_s
    )
    client = AsyncTiketi(
        credentials=MemoryStore(good_for(time, 25)), transport=Noting(), surroundings=near
    )
    with pytest.raises(errors.RequestTimeoutError):
        await client.with_options(retries=NONE).auth.me()
    assert waits_s == [EARLY_REFRESH_S, client.config.timeouts.request_s]
