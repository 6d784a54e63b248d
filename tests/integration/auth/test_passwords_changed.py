"""Changing a password and setting a new one by mail: both end every session, neither tells who exists."""

import asyncio
from typing import Any

import asyncpg
import orjson
import pytest

from tests.services import Running
from tests.waiting import until
from tiketi_core.auth.model import MAILS_PER_ACCOUNT
from tiketi_platform.adapters.tokens.reset_seal import ResetSeal

EMAIL, OLD, NEW = "minsu@example.com", "correct horse", "배터리 스테이플 정답"


async def post(auth: Running, path: str, bearer: str | None = None, /, **body: object):
    return await auth.ask("POST", "auth", f"/api/auth/{path}", token=bearer, json=body)


async def register(auth: Running) -> dict[str, Any]:
    answer = await post(auth, "register", email=EMAIL, password=OLD, name="민수")
    return dict(answer.body)


async def status_of_login(auth: Running, password: str) -> int:
    answer = await post(auth, "login", email=EMAIL, password=password)
    return int(answer.status)


async def waiting_for_a_lock(tables: asyncpg.Connection, count: int) -> bool:
    waiting = await tables.fetchval(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return bool(waiting >= count)


async def keep_outbox(tables: asyncpg.Connection) -> None:
    """Keep a copy of what is published: the relay is faster than a test."""
    await tables.execute(
        "CREATE TABLE kept (LIKE outbox);"
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN INSERT INTO kept SELECT NEW.*; RETURN NEW; END';"
        "CREATE TRIGGER keep AFTER INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION keep()"
    )


async def mailed_token(auth: Running, tables: asyncpg.Connection, number: int = 1) -> str:
    """The token of the `number`th mail, opened as only the notification service can."""

    async def published() -> str | None:
        payloads = await tables.fetch(
            "SELECT payload FROM kept WHERE name = 'user.password_reset_requested' ORDER BY seq"
        )
        return str(payloads[number - 1][0]) if len(payloads) >= number else None

    sealed = orjson.loads(await until(published))["token"]
    return ResetSeal(lambda: auth.settings.secret("notification-service")).open(sealed)


async def test_changing_ends_every_other_session_and_opens_a_new_one(auth: Running) -> None:
    session = await register(auth)
    other = (await post(auth, "login", email=EMAIL, password=OLD)).body
    wrong = await post(
        auth, "password", session["token"], current_password="wrong", new_password=NEW
    )
    assert (wrong.status, wrong.code) == (401, "bad_credentials")
    changed = await post(auth, "password", session["token"], current_password=OLD, new_password=NEW)
    assert changed.status == 200
    assert await status_of_login(auth, OLD) == 401
    assert await status_of_login(auth, NEW) == 200
    for ended in (session, other):
        answer = await post(auth, "refresh", refresh_token=ended["refresh_token"])
        assert answer.code == "token_invalid"

        async def is_over(token: str = ended["token"]) -> bool:
            answer = await auth.ask("GET", "auth", "/api/auth/me", token=token)
            return answer.status == 401

        assert await until(is_over)
    me = await auth.ask("GET", "auth", "/api/auth/me", token=changed.body["token"])
    assert me.status == 200
    assert (await post(auth, "refresh", refresh_token=changed.body["refresh_token"])).status == 200


async def test_a_mail_sets_a_new_password_once(auth: Running, tables: asyncpg.Connection) -> None:
    session = await register(auth)
    await keep_outbox(tables)
    first = await post(auth, "password/forgot", email=EMAIL.upper())
    assert (first.status, first.body) == (202, {"sent": True})
    old_token = await mailed_token(auth, tables)
    await post(auth, "password/forgot", email=EMAIL)
    token = await mailed_token(auth, tables, 2)
    stale = await post(auth, "password/reset", token=old_token, new_password=NEW)
    assert (stale.status, stale.code) == (401, "token_invalid")
    done = await post(auth, "password/reset", token=token, new_password=NEW)
    assert (done.status, done.body) == (200, {"changed": True})
    again = await post(auth, "password/reset", token=token, new_password=OLD)
    assert (again.status, again.code) == (401, "token_invalid")
    assert await status_of_login(auth, OLD) == 401
    assert await status_of_login(auth, NEW) == 200
    ended = await post(auth, "refresh", refresh_token=session["refresh_token"])
    assert ended.code == "token_invalid"
    stored = await tables.fetchval("SELECT count(*) FROM password_resets")
    assert stored == 0


async def test_a_mail_ends_in_time(auth: Running, tables: asyncpg.Connection) -> None:
    await register(auth)
    await keep_outbox(tables)
    await post(auth, "password/forgot", email=EMAIL)
    token = await mailed_token(auth, tables)
    for table in ("password_resets", "kept"):
        rows = await tables.fetch(f"SELECT r::text FROM {table} AS r")
        assert rows
        assert token not in str(rows), "neither books nor bus hold what opens the account"
    await tables.execute("UPDATE password_resets SET expires_at = now() - interval '1 second'")
    answer = await post(auth, "password/reset", token=token, new_password=NEW)
    assert (answer.status, answer.code) == (401, "token_expired")
    assert await status_of_login(auth, OLD) == 200


async def test_who_has_forgotten_is_told_nothing_about_others(
    auth: Running, tables: asyncpg.Connection
) -> None:
    await register(auth)
    await keep_outbox(tables)
    asked = MAILS_PER_ACCOUNT.free_count + 1
    for email in (EMAIL, "nobody@example.com"):
        for _ in range(asked):
            answer = await post(auth, "password/forgot", email=email)
            assert (answer.status, answer.body) == (202, {"sent": True})
        # One more than is free: the next has to wait.
        changed = await tables.execute(
            "UPDATE login_failures SET blocked_until = now() + interval '5 minutes'"
            " WHERE key = $1 AND blocked_until > '-infinity'",
            f"reset:{email}",
        )
        assert changed == "UPDATE 1"
        refused = await post(auth, "password/forgot", email=email)
        assert (refused.status, refused.code) == (429, "rate_limited")

    async def all_are_answered() -> bool:
        return not await tables.fetchval("SELECT count(*) FROM reset_requests")

    await until(all_are_answered)
    assert await tables.fetchval("SELECT count(*) FROM kept") == asked
    assert await status_of_login(auth, OLD) == 200, "asking for mails does not lock anybody out"


async def test_changing_is_limited_as_logging_in_is(
    auth: Running, tables: asyncpg.Connection
) -> None:
    """Whoever has stolen a token and sends the right password in a burst is told nothing by it."""
    session = await register(auth)
    checked = await tables.fetchval("SELECT password_hash FROM users WHERE email = $1", EMAIL)
    await tables.execute(
        "INSERT INTO login_failures (key, failures, ends_at, blocked_until)"
        " VALUES ($1, 6, now() + interval '1 hour', now() + interval '5 minutes')",
        f"account:{EMAIL}",
    )
    refused = await post(auth, "password", session["token"], current_password=OLD, new_password=NEW)
    assert (refused.status, refused.code) == (429, "rate_limited")
    # The same where the password had been checked before the limit was reached.
    with pytest.raises(asyncpg.RaiseError, match="rate_limited"):
        await tables.fetchval(
            "SELECT change_password($1, $2, 'new', $3, 60, '', '', $4, 'address:unknown')",
            session["user"]["id"],
            checked,
            bytes(32),
            f"account:{EMAIL}",
        )


async def test_of_many_mails_asked_for_at_once_no_more_are_sent(
    auth: Running, tables: asyncpg.Connection
) -> None:
    await register(auth)
    await keep_outbox(tables)
    await post(auth, "password/forgot", email=EMAIL)
    await mailed_token(auth, tables)
    async with tables.transaction():
        # All of them may ask; whoever is counted waits here, as behind the first of a burst.
        await tables.execute(
            "UPDATE login_failures SET blocked_until = now() + interval '5 minutes'"
            " WHERE key LIKE 'reset:%'"
        )
        asked = [asyncio.create_task(post(auth, "password/forgot", email=EMAIL)) for _ in range(3)]
        await until(lambda: waiting_for_a_lock(tables, len(asked)))
    answers = await asyncio.gather(*asked)
    assert [answer.code for answer in answers] == ["rate_limited"] * 3
    assert await tables.fetchval("SELECT count(*) FROM reset_requests") == 0
