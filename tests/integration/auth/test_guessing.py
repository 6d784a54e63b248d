"""Guessing passwords: all wrong answers are one answer, and there are only so many of them."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from tests.engines import Database
from tests.services import Answer, Running, serving, settings_for
from tests.waiting import until
from tiketi_core.auth.model import PER_ACCOUNT, PER_ADDRESS
from tiketi_platform.runtime.engines.valkey import ValkeyServer

EMAIL, PASSWORD = "minsu@example.com", "correct horse"


@pytest.fixture
async def minsu(auth: Running) -> None:
    body = {"email": EMAIL, "password": PASSWORD, "name": "민수"}
    assert (await auth.ask("POST", "auth", "/api/auth/register", json=body)).status == 201


async def login(auth: Running, email: str = EMAIL, password: str = "wrong") -> Answer:
    body = {"email": email, "password": password}
    return await auth.ask("POST", "auth", "/api/auth/login", json=body)


async def test_all_wrong_answers_are_one(auth: Running, minsu: None) -> None:
    body = {"prefix": "crowd", "count": 1}
    path = "/api/auth/sandbox/users"
    crowd = (await auth.ask("POST", "auth", path, token=auth.admin, json=body)).body["items"][0]
    answers = [
        await login(auth),
        await login(auth, email="nobody@example.com"),
        await login(auth, email=crowd["email"]),
        await login(auth, email=crowd["email"], password="None"),
    ]
    bodies = [{**answer.body, "request_id": ""} for answer in answers]
    assert bodies[0]["code"] == "bad_credentials"
    assert all(body == bodies[0] for body in bodies)


async def fails(auth: Running, tables: asyncpg.Connection, email: str = EMAIL) -> int:
    """One more wrong password after the wait there was; the seconds to wait from now on."""
    await tables.execute("UPDATE login_failures SET blocked_until = '-infinity'")
    assert (await login(auth, email)).code == "bad_credentials"
    wait = await tables.fetchval(
        "SELECT round(extract(epoch FROM blocked_until - (ends_at - make_interval(secs => $2))))"
        " FROM login_failures WHERE key = $1 AND blocked_until > '-infinity'",
        f"account:{email}",
        PER_ACCOUNT.kept_s,
    )
    return int(wait or 0)


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
async def test_each_failure_more_doubles_the_wait(
    auth: Running, minsu: None, tables: asyncpg.Connection, email: str
) -> None:
    waits = [await fails(auth, tables, email) for _ in range(PER_ACCOUNT.free_count + 12)]
    doubled = [min(2**n, PER_ACCOUNT.delay_s_max) for n in range(12)]
    assert waits == [0] * PER_ACCOUNT.free_count + doubled


async def test_an_account_that_must_wait_refuses_the_right_password_too(
    auth: Running, minsu: None, tables: asyncpg.Connection
) -> None:
    for _ in range(PER_ACCOUNT.free_count + 1):
        await login(auth)
    await tables.execute("UPDATE login_failures SET blocked_until = now() + interval '5 minutes'")
    for answer in (await login(auth), await login(auth, "MINSU@example.com", PASSWORD)):
        assert (answer.status, answer.code) == (429, "rate_limited")
        assert 0 < int(answer.headers["Retry-After"]) <= PER_ACCOUNT.delay_s_max
    await tables.execute("UPDATE login_failures SET blocked_until = now() - interval '1 second'")
    assert (await login(auth, password=PASSWORD)).status == 200
    kept = await tables.fetchval("SELECT count(*) FROM login_failures WHERE key LIKE 'account:%'")
    assert kept == 0


async def test_old_failures_are_forgotten(
    auth: Running, minsu: None, tables: asyncpg.Connection
) -> None:
    for _ in range(PER_ACCOUNT.free_count + 3):
        await fails(auth, tables)
    await tables.execute("UPDATE login_failures SET ends_at = now() - interval '1 second'")
    assert await fails(auth, tables) == 0


async def test_guessing_at_once_gains_nothing(
    auth: Running, minsu: None, tables: asyncpg.Connection
) -> None:
    # The right password comes last of a burst whose failures have made it wait by then.
    guesses = [login(auth) for _ in range(20)]
    *_, last = await asyncio.gather(*guesses, login(auth, password=PASSWORD))
    assert last.status in {429, 503}  # a machine under load may be unavailable, but lets nobody in
    assert await tables.fetchval("SELECT count(*) FROM refresh_families") == 1


async def test_who_knows_the_password_is_never_limited(
    auth: Running, minsu: None, tables: asyncpg.Connection
) -> None:
    await login(auth)
    answers = await asyncio.gather(*(login(auth, password=PASSWORD) for _ in range(12)))
    # A machine under load may be unavailable to some; limited is nobody.
    assert {answer.status for answer in answers} <= {200, 503}
    assert (await login(auth, password=PASSWORD)).status == 200
    keys = [row["key"] for row in await tables.fetch("SELECT key FROM login_failures")]
    assert sorted(keys) == ["address:127.0.0.1", "signup:127.0.0.1"]


async def test_behind_an_ingress_the_client_is_limited_and_not_the_ingress(
    postgres: Database, valkey: ValkeyServer, tmp_path: Path
) -> None:
    settings = settings_for(postgres, valkey, tmp_path, trusted_proxies="127.0.0.0/8")
    tables = await asyncpg.connect(postgres.dsn("auth"))
    async with serving(settings, "auth") as auth:
        for said in ("203.0.113.9", "198.51.100.1, 203.0.113.9"):
            await auth.ask(
                "POST",
                "auth",
                "/api/auth/login",
                json={"email": EMAIL, "password": "wrong"},
                headers={"X-Forwarded-For": said},
            )
        counted = await tables.fetch("SELECT key, failures FROM login_failures ORDER BY key")
    await tables.close()
    assert [tuple(row) for row in counted] == [(f"account:{EMAIL}", 2), ("address:203.0.113.9", 2)]


async def test_an_address_is_limited_over_all_accounts(
    auth: Running, minsu: None, tables: asyncpg.Connection
) -> None:
    await login(auth)
    await tables.execute(
        "UPDATE login_failures SET failures = $1 WHERE key LIKE 'address:%'",
        PER_ADDRESS.free_count + 8,
    )
    await login(auth)
    assert (await login(auth, "somebody@example.com")).code == "rate_limited"
    assert (await login(auth, password=PASSWORD)).code == "rate_limited"


async def test_of_a_burst_the_right_password_looks_like_the_wrong_ones(
    auth: Running, minsu: None, tables: asyncpg.Connection
) -> None:
    """All of them were let in before the first was counted: what they hear then is the same."""
    for _ in range(PER_ACCOUNT.free_count):
        await login(auth)
    async with tables.transaction():
        # Whoever counts has to wait here, as behind the first of a burst.
        await tables.execute(
            "UPDATE login_failures SET blocked_until = now() + interval '5 minutes'"
            " WHERE key LIKE 'account:%'"
        )
        guesses = [asyncio.create_task(login(auth)) for _ in range(3)]
        await until(lambda: waiting_for_a_lock(tables, len(guesses)))
    answers = await asyncio.gather(*guesses)
    assert [answer.code for answer in answers] == ["rate_limited"] * 3
    assert (await login(auth, password=PASSWORD)).code == "rate_limited"
    counted = await tables.fetchval("SELECT failures FROM login_failures WHERE key LIKE 'account%'")
    assert counted == PER_ACCOUNT.free_count, "who is refused makes nobody wait longer"


async def waiting_for_a_lock(tables: asyncpg.Connection, count: int) -> bool:
    waiting = await tables.fetchval(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return bool(waiting >= count)


async def test_accounts_opened_from_one_address_are_limited_before_they_cost_a_hash(
    auth: Running, minsu: None, tables: asyncpg.Connection
) -> None:
    await tables.execute(
        "UPDATE login_failures SET blocked_until = now() + interval '5 minutes'"
        " WHERE key = 'signup:127.0.0.1'"
    )
    body = {"email": "other@example.com", "password": PASSWORD, "name": "a"}
    for email in ("other@example.com", EMAIL):
        answer = await auth.ask("POST", "auth", "/api/auth/register", json={**body, "email": email})
        assert (answer.status, answer.code) == (429, "rate_limited")
    assert (await login(auth, password=PASSWORD)).status == 200, "only opening accounts is limited"
    await tables.execute("UPDATE login_failures SET blocked_until = '-infinity'")
    assert (await auth.ask("POST", "auth", "/api/auth/register", json=body)).status == 201
