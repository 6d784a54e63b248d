"""Tokens that end before their time: in auth, in every other service, and after every restart."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.engines import Database
from tests.services import Running, serving, settings_for
from tests.waiting import until
from tiketi_platform.adapters.postgres.auth.revocations import PostgresRevocations
from tiketi_platform.adapters.postgres.pool import Database as Pool
from tiketi_platform.runtime.engines.valkey import ValkeyServer
from tiketi_platform.runtime.registry import NAMES

PASSWORD = "correct horse"
DOORS = {
    "auth": "/api/auth/me",
    "event": "/api/audit/backlog",
    "queue": "/api/audit/backlog",
    "reservation": "/api/reservations",
    "payment": "/api/points/balance",
    "notification": "/api/notifications",
}
"""An address of every service that an administrator may ask."""


async def register(auth: Running, email: str = "minsu@example.com") -> dict[str, Any]:
    body = {"email": email, "password": PASSWORD, "name": "민수", "device": "노트북"}
    answer = await auth.ask("POST", "auth", "/api/auth/register", json=body)
    assert answer.status == 201
    return dict(answer.body)


async def login(auth: Running, email: str = "minsu@example.com") -> dict[str, Any]:
    body = {"email": email, "password": PASSWORD, "device": "휴대폰"}
    answer = await auth.ask("POST", "auth", "/api/auth/login", json=body)
    assert answer.status == 200, answer
    return dict(answer.body)


async def refresh(auth: Running, session: dict[str, Any]):
    body = {"refresh_token": session["refresh_token"]}
    return await auth.ask("POST", "auth", "/api/auth/refresh", json=body)


def refused(served: Running, service: str, token: str) -> Callable[[], Awaitable[bool]]:
    """Whether a service has stopped believing a token."""

    async def ask() -> bool:
        answer = await served.ask("GET", service, DOORS[service], token=token)
        return (answer.status, answer.code) == (401, "token_expired")

    return ask


async def promote(served: Running, user_id: int, **change: object):
    path = f"/api/auth/users/{user_id}"
    # Of an account that nothing here changes.
    admin = served.token(sub="999", role="admin")
    return await served.ask("PATCH", "auth", path, token=admin, json=change)


async def test_f15_a_demoted_administrators_token_stops_working_in_every_service(
    postgres: Database, valkey: ValkeyServer, tmp_path: Path
) -> None:
    settings = settings_for(postgres, valkey, tmp_path)
    (settings.secrets_dir / "toss-secret-key").write_text("test_sk")
    async with serving(settings, *NAMES) as served:
        user_id = (await register(served))["user"]["id"]
        assert (await promote(served, user_id, role="admin")).body["role"] == "admin"
        session = await login(served)
        token = session["token"]
        for service, path in DOORS.items():
            assert (await served.ask("GET", service, path, token=token)).status == 200, service
        assert (await promote(served, user_id, role="user")).status == 200
        for service in NAMES:
            assert await until(refused(served, service, token)), service
        renewed = await refresh(served, session)
        assert (renewed.status, renewed.body["user"]["role"]) == (200, "user")
        forbidden = await served.ask("GET", "event", DOORS["event"], token=renewed.body["token"])
        assert (forbidden.status, forbidden.code) == (403, "forbidden")
        mine = await served.ask("GET", "payment", DOORS["payment"], token=renewed.body["token"])
        assert mine.status == 200
    # Nothing was said twice: whoever starts later reads what still matters.
    async with serving(settings, "auth", "queue", "payment") as served:
        for service in ("auth", "queue", "payment"):
            answer = await served.ask("GET", service, DOORS[service], token=token)
            assert (answer.status, answer.code) == (401, "token_expired"), service


async def test_a_service_that_cannot_ask_believes_nobody_yet(
    postgres: Database, valkey: ValkeyServer, tmp_path: Path
) -> None:
    async with serving(settings_for(postgres, valkey, tmp_path), "reservation") as served:
        door = DOORS["reservation"]
        answer = await served.ask("GET", "reservation", door, token=served.token())
        assert (answer.status, answer.code) == (503, "unavailable")


async def test_sessions_are_listed_and_one_is_ended(auth: Running) -> None:
    first = await register(auth)
    second = await login(auth)
    listed = await auth.ask("GET", "auth", "/api/auth/sessions", token=second["token"])
    items = listed.body["items"]
    assert [(each["device"], each["is_current"]) for each in items] == [
        ("휴대폰", True),
        ("노트북", False),
    ]
    assert {each["address"] for each in items} == {"127.0.0.1"}
    path = f"/api/auth/sessions/{items[1]['id']}"
    ended = await auth.ask("DELETE", "auth", path, token=second["token"])
    assert (ended.status, ended.body) == (200, {"logged_out": True})
    again = await auth.ask("DELETE", "auth", path, token=second["token"])
    assert (again.status, again.code) == (404, "session_not_found")
    assert await until(refused(auth, "auth", first["token"]))
    assert (await refresh(auth, first)).code == "token_invalid"
    assert (await refresh(auth, second)).status == 200


async def test_sessions_of_others_are_not_there(auth: Running) -> None:
    mine, other = await register(auth), await register(auth, "other@example.com")
    theirs = await auth.ask("GET", "auth", "/api/auth/sessions", token=other["token"])
    path = f"/api/auth/sessions/{theirs.body['items'][0]['id']}"
    answer = await auth.ask("DELETE", "auth", path, token=mine["token"])
    assert (answer.status, answer.code) == (404, "session_not_found")
    assert (await refresh(auth, other)).status == 200


async def test_logging_out_ends_the_access_token_too(auth: Running) -> None:
    session, other = await register(auth), await login(auth)
    body = {"refresh_token": session["refresh_token"]}
    await auth.ask("POST", "auth", "/api/auth/logout", json=body)
    assert await until(refused(auth, "auth", session["token"]))
    assert (await auth.ask("GET", "auth", "/api/auth/me", token=other["token"])).status == 200


async def test_a_reused_refresh_token_ends_the_access_tokens_of_its_session(auth: Running) -> None:
    first = await register(auth)
    second = (await refresh(auth, first)).body
    assert (await refresh(auth, first)).code == "refresh_token_reused"
    for token in (first["token"], second["token"]):
        assert await until(refused(auth, "auth", token))


async def test_logging_out_everywhere(auth: Running) -> None:
    sessions = [await register(auth), await login(auth), await login(auth)]
    answer = await auth.ask(
        "POST", "auth", "/api/auth/logout-everywhere", token=sessions[2]["token"]
    )
    assert answer.status == 200
    for session in sessions:
        assert await until(refused(auth, "auth", session["token"]))
        assert (await refresh(auth, session)).code == "token_invalid"
    fresh = await login(auth)
    assert (await auth.ask("GET", "auth", "/api/auth/me", token=fresh["token"])).status == 200


async def test_the_feed_misses_no_line_of_a_transaction_that_ends_late(
    auth: Running, postgres: Database, tables: asyncpg.Connection
) -> None:
    database = await Pool.connect(postgres.dsn("auth"), "auth")
    feed = PostgresRevocations(database)
    late = await asyncpg.connect(postgres.dsn("auth"))
    try:
        insert = "INSERT INTO revocations (session_id) VALUES ($1)"
        slow = late.transaction()
        await slow.start()
        await late.execute(insert, 1)
        for number in range(2, 8):
            await tables.execute(insert, number)
        seen: list[int] = []
        page = await feed.page(None, limit=4)
        seen += page.sessions
        assert (seen, page.more) == ([2, 3, 4, 5], True)
        await slow.commit()
        while page.more:
            page = await feed.page(page.cursor, limit=4)
            seen += page.sessions
        assert 1 not in seen
        page = await feed.page(page.cursor, limit=40)
        assert set(page.sessions) == {1, 2, 3, 4, 5, 6, 7}
        await tables.execute(insert, 8)
        page = await feed.page(page.cursor, limit=40)
        assert (page.sessions, page.more) == ((8,), False)
        elsewhere = await feed.page(str(2**62), limit=40)
        assert len(elsewhere.sessions) == 8
    finally:
        await late.close()
        await database.close()


@pytest.mark.parametrize("cursor", ["1.2", "1.2.3.4", ".", "one", "9" * 30])
async def test_a_cursor_that_is_none_is_refused(auth: Running, cursor: str) -> None:
    service = auth.token(sub="service:queue", role="service")
    path = f"/api/auth/revocations?cursor={cursor}"
    answer = await auth.ask("GET", "auth", path, token=service)
    assert (answer.status, answer.fields) == (400, {"cursor"})


async def test_the_feed_is_for_services(auth: Running) -> None:
    user = await auth.ask("GET", "auth", "/api/auth/revocations", token=auth.token())
    assert (user.status, user.code) == (403, "forbidden")


async def test_two_administrators_cannot_demote_each_other_at_once(
    auth: Running, tables: asyncpg.Connection
) -> None:
    other = (await register(auth))["user"]["id"]
    first = await tables.fetchval("SELECT id FROM users WHERE role = 'admin'")
    await promote(auth, other, role="admin")
    changes = [promote(auth, first, role="user"), promote(auth, other, disabled=True)]
    answers = await asyncio.gather(*changes)
    assert sorted(answer.status for answer in answers) == [200, 409]
    assert {answer.code for answer in answers if answer.status == 409} == {"last_admin"}
