"""Guessing passwords: all wrong answers are one answer, and there are only so many of them."""

import asyncio

import asyncpg
import pytest

from tests.services import Answer, Running
from tiketi_core.auth.model import PER_ACCOUNT, PER_ADDRESS

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


async def test_an_account_takes_so_many_failures_and_then_rests(
    auth: Running, minsu: None, tables: asyncpg.Connection
) -> None:
    for _ in range(PER_ACCOUNT.failures_max):
        assert (await login(auth)).code == "bad_credentials"
    for answer in (await login(auth), await login(auth, "MINSU@example.com", PASSWORD)):
        assert (answer.status, answer.code) == (429, "rate_limited")
        assert 0 < int(answer.headers["Retry-After"]) <= PER_ACCOUNT.window_s
    assert (await login(auth, email="other@example.com")).code == "bad_credentials"
    await tables.execute("UPDATE login_failures SET ends_at = now() - interval '1 second'")
    assert (await login(auth, password=PASSWORD)).status == 200


async def test_an_unknown_email_is_limited_alike(auth: Running) -> None:
    codes = [(await login(auth, "nobody@example.com")).code for _ in range(12)]
    assert codes == ["bad_credentials"] * 10 + ["rate_limited"] * 2


async def test_guessing_at_once_gains_nothing(
    auth: Running, minsu: None, tables: asyncpg.Connection
) -> None:
    # The right password comes last of a burst whose first ten failures have been counted by then.
    guesses = [login(auth) for _ in range(40)]
    *_, last = await asyncio.gather(*guesses, login(auth, password=PASSWORD))
    assert (last.status, last.code) == (429, "rate_limited")
    assert await tables.fetchval("SELECT count(*) FROM refresh_families") == 1


async def test_who_knows_the_password_is_never_limited(
    auth: Running, minsu: None, tables: asyncpg.Connection
) -> None:
    await login(auth)
    answers = await asyncio.gather(*(login(auth, password=PASSWORD) for _ in range(30)))
    assert {answer.status for answer in answers} == {200}
    keys = [row["key"] for row in await tables.fetch("SELECT key FROM login_failures")]
    assert keys == ["address:127.0.0.1"]


async def test_an_address_is_limited_over_all_accounts(
    auth: Running, minsu: None, tables: asyncpg.Connection
) -> None:
    await login(auth)
    await tables.execute(
        "UPDATE login_failures SET failures = $1 WHERE key LIKE 'address:%'",
        PER_ADDRESS.failures_max,
    )
    assert (await login(auth, "somebody@example.com")).code == "rate_limited"
    assert (await login(auth, password=PASSWORD)).code == "rate_limited"
