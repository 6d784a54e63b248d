"""Opening accounts and sessions over HTTP: what is given, what it is good for, and how it ends."""

import asyncio
import hashlib

import asyncpg
import jwt
import pytest

from tests.services import ADMIN_EMAIL, Running
from tiketi_platform.adapters.postgres.auth.rows import SQL

MINSU = {"email": "Minsu@example.com", "password": "correct horse", "name": "민수"}


async def register(auth: Running, **changes: object):
    return await auth.ask("POST", "auth", "/api/auth/register", json={**MINSU, **changes})


async def login(auth: Running, email: str = MINSU["email"], password: str = MINSU["password"]):
    body = {"email": email, "password": password}
    return await auth.ask("POST", "auth", "/api/auth/login", json=body)


async def refresh(auth: Running, token: str):
    return await auth.ask("POST", "auth", "/api/auth/refresh", json={"refresh_token": token})


async def test_registering_gives_a_session_and_says_so(
    auth: Running, tables: asyncpg.Connection
) -> None:
    answer = await register(auth, phone="010-1234-5678")
    assert answer.status == 201
    user = answer.body["user"]
    assert (user["email"], user["name"], user["phone"]) == (
        MINSU["email"],
        MINSU["name"],
        "010-1234-5678",
    )
    assert (user["role"], user["provider"]) == ("user", "LOCAL")
    assert "password" not in str(answer.body)
    claims = jwt.decode(answer.body["token"], options={"verify_signature": False})
    assert (claims["sub"], claims["role"]) == (str(user["id"]), "user")
    assert claims["exp"] - claims["iat"] == 900
    stored = await tables.fetchval("SELECT password_hash FROM users WHERE id = $1", user["id"])
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await tables.fetchval("SELECT last_value FROM outbox_seq_seq WHERE is_called") == 1


async def test_an_email_is_one_in_any_case(auth: Running) -> None:
    await register(auth)
    taken = await register(auth, email="mINSU@EXAMPLE.com")
    assert (taken.status, taken.code) == (409, "email_taken")
    found = await login(auth, email="minsu@example.COM")
    assert (found.status, found.body["user"]["email"]) == (200, MINSU["email"])


async def test_two_registering_at_once_make_one_account(
    auth: Running, tables: asyncpg.Connection
) -> None:
    answers = await asyncio.gather(*(register(auth) for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [201, *[409] * 7]
    assert await tables.fetchval("SELECT count(*) FROM users WHERE role = 'user'") == 1


@pytest.mark.parametrize("password", ["한글 비밀번호 \u0000", "e\u0301" * 8, " " * 8])
async def test_any_password_is_a_password(auth: Running, password: str) -> None:
    assert (await register(auth, password=password)).status == 201
    assert (await login(auth, password=password)).status == 200


async def test_a_password_is_the_same_on_every_keyboard(auth: Running) -> None:
    await register(auth, password="가나다라마바사아")
    decomposed = "\u1100\u1161\u1102\u1161\u1103\u1161\u1105\u1161\u1106\u1161\u1107\u1161\u1109\u1161\u110b\u1161"
    assert (await login(auth, password=decomposed)).status == 200


async def test_a_token_says_who_one_is(auth: Running) -> None:
    session = (await register(auth)).body
    answer = await auth.ask("GET", "auth", "/api/auth/verify", token=session["token"])
    assert (answer.body["valid"], answer.body["user"]) == (True, session["user"])
    assert answer.body["expires_at"] == session["expires_at"]
    changed = await auth.ask(
        "PATCH", "auth", "/api/auth/me", token=session["token"], json={"name": "민수 김"}
    )
    assert changed.body == {**session["user"], "name": "민수 김"}
    me = await auth.ask("GET", "auth", "/api/auth/me", token=session["token"])
    assert me.body == changed.body


async def test_a_refresh_token_is_good_once(auth: Running) -> None:
    first = (await register(auth)).body
    second = await refresh(auth, first["refresh_token"])
    assert second.status == 200
    assert second.body["refresh_token"] != first["refresh_token"]
    assert second.body["user"] == first["user"]


async def test_using_a_spent_token_ends_its_session_and_no_other(auth: Running) -> None:
    first = (await register(auth)).body
    other = (await login(auth)).body
    second = (await refresh(auth, first["refresh_token"])).body
    reused = await refresh(auth, first["refresh_token"])
    assert (reused.status, reused.code) == (401, "refresh_token_reused")
    ended = await refresh(auth, second["refresh_token"])
    assert (ended.status, ended.code) == (401, "token_invalid")
    assert (await refresh(auth, other["refresh_token"])).status == 200


async def test_of_two_who_use_one_token_at_once_one_wins_and_the_session_ends(
    auth: Running,
) -> None:
    first = (await register(auth)).body
    answers = await asyncio.gather(*(refresh(auth, first["refresh_token"]) for _ in range(6)))
    won = [answer for answer in answers if answer.status == 200]
    assert len(won) == 1
    assert {a.code for a in answers if a.status != 200} == {"refresh_token_reused"}
    assert (await refresh(auth, won[0].body["refresh_token"])).code == "token_invalid"


async def test_logging_out_ends_the_session_and_may_be_repeated(auth: Running) -> None:
    session = (await register(auth)).body
    body = {"refresh_token": session["refresh_token"]}
    for _ in range(2):
        answer = await auth.ask("POST", "auth", "/api/auth/logout", json=body)
        assert (answer.status, answer.body) == (200, {"logged_out": True})
    assert (await refresh(auth, session["refresh_token"])).code == "token_invalid"
    unknown = await auth.ask("POST", "auth", "/api/auth/logout", json={"refresh_token": "x"})
    assert unknown.status == 200


async def test_a_refresh_token_ends_in_time(auth: Running, tables: asyncpg.Connection) -> None:
    session = (await register(auth)).body
    await tables.execute("UPDATE refresh_tokens SET expires_at = now() - interval '1 second'")
    answer = await refresh(auth, session["refresh_token"])
    assert (answer.status, answer.code) == (401, "token_expired")


async def test_the_store_holds_no_token(auth: Running, tables: asyncpg.Connection) -> None:
    session = (await register(auth)).body
    rows = await tables.fetch("SELECT t::text FROM refresh_tokens AS t")
    assert len(rows) == 1
    assert session["refresh_token"] not in str(rows)


async def test_the_administrator_is_there_and_has_the_password_of_the_file(auth: Running) -> None:
    answer = await login(auth, ADMIN_EMAIL, auth.settings.secret("admin-password"))
    assert (answer.status, answer.body["user"]["role"]) == (200, "admin")


async def test_a_token_of_nobody_is_refused(auth: Running) -> None:
    answer = await auth.ask("GET", "auth", "/api/auth/me", token=auth.token(sub="999999"))
    assert (answer.status, answer.code) == (401, "token_invalid")


async def test_spent_tokens_are_forgotten_when_they_would_have_expired(
    auth: Running, tables: asyncpg.Connection
) -> None:
    first = (await register(auth)).body["refresh_token"]
    second = (await refresh(auth, first)).body["refresh_token"]
    third = (await refresh(auth, second)).body["refresh_token"]
    await tables.execute(
        "UPDATE refresh_tokens SET expires_at = now() - interval '1 second' WHERE token_hash = $1",
        hashlib.sha256(first.encode()).digest(),
    )
    forgotten = await tables.fetchval(SQL["prune_tokens"], 10)
    assert forgotten == 1
    assert (await refresh(auth, first)).code == "token_invalid"
    assert (await refresh(auth, third)).status == 200, "the session lives on"
    assert (await refresh(auth, second)).code == "refresh_token_reused"
