"""Looking after accounts: what administrators may do with others, and everybody with oneself."""

from typing import Any

import asyncpg

from tests.services import ADMIN_EMAIL, Running
from tests.waiting import until

PASSWORD = "correct horse"
PICTURE = "https://images.example.com/minsu.png"


async def register(auth: Running, email: str, name: str = "민수") -> dict[str, Any]:
    body = {"email": email, "password": PASSWORD, "name": name}
    answer = await auth.ask("POST", "auth", "/api/auth/register", json=body)
    assert answer.status == 201
    return dict(answer.body)


async def login(auth: Running, email: str, password: str = PASSWORD):
    body = {"email": email, "password": password}
    return await auth.ask("POST", "auth", "/api/auth/login", json=body)


async def test_accounts_are_listed_searched_and_paged(auth: Running) -> None:
    for number in range(5):
        await register(auth, f"fan{number}@example.com", f"새벽팬 {number}")
    await register(auth, "Kim@example.com", "김하늘")

    async def users(**params: object):
        answer = await auth.ask("GET", "auth", "/api/auth/users", token=auth.admin, params=params)
        assert answer.status == 200, answer
        return answer.body

    everybody = await users()
    assert [user["email"] for user in everybody["items"]][:2] == [
        "Kim@example.com",
        "fan4@example.com",
    ]
    assert [user["name"] for user in (await users(q="하늘"))["items"]] == ["김하늘"]
    assert [user["name"] for user in (await users(q="kim@"))["items"]] == ["김하늘"]
    assert [user["email"] for user in (await users(role="admin"))["items"]] == [ADMIN_EMAIL]
    assert (await users(q="%"))["items"] == (await users(provider="GOOGLE"))["items"] == []
    seen, page = [], await users(q="팬", limit=2)
    while page["next_cursor"]:
        seen += page["items"]
        page = await users(q="팬", limit=2, cursor=page["next_cursor"])
    seen += page["items"]
    assert [user["email"] for user in seen] == [f"fan{n}@example.com" for n in range(4, -1, -1)]


async def test_a_disabled_account_is_out_until_it_is_enabled(auth: Running) -> None:
    session = await register(auth, "minsu@example.com")
    path = f"/api/auth/users/{session['user']['id']}"
    answer = await auth.ask("PATCH", "auth", path, token=auth.admin, json={"disabled": True})
    assert answer.body["disabled_at"] is not None
    refused = await login(auth, "minsu@example.com")
    assert (refused.status, refused.code) == (403, "account_disabled")
    guessed = await login(auth, "minsu@example.com", "wrong")
    assert guessed.code == "bad_credentials", "said only to who knows the password"
    assert (await login(auth, "minsu@example.com", "wrong")).code == "bad_credentials"
    body = {"refresh_token": session["refresh_token"]}
    ended = await auth.ask("POST", "auth", "/api/auth/refresh", json=body)
    assert (ended.status, ended.code) == (401, "token_invalid")

    async def is_out() -> bool:
        answer = await auth.ask("GET", "auth", "/api/auth/me", token=session["token"])
        return answer.status == 401

    assert await until(is_out)
    listed = await auth.ask(
        "GET", "auth", "/api/auth/users", token=auth.admin, params={"disabled": "true"}
    )
    assert [user["id"] for user in listed.body["items"]] == [session["user"]["id"]]
    answer = await auth.ask("PATCH", "auth", path, token=auth.admin, json={"disabled": False})
    assert answer.body["disabled_at"] is None
    assert (await login(auth, "minsu@example.com")).status == 200


async def test_the_last_administrator_stays(auth: Running, tables: asyncpg.Connection) -> None:
    admin_id = await tables.fetchval("SELECT id FROM users WHERE role = 'admin'")
    for change in ({"role": "user"}, {"disabled": True}):
        path = f"/api/auth/users/{admin_id}"
        answer = await auth.ask("PATCH", "auth", path, token=auth.admin, json=change)
        assert (answer.status, answer.code) == (409, "last_admin")
    secret = auth.settings.secret("admin-password")
    assert (await login(auth, ADMIN_EMAIL, secret)).status == 200


async def test_administration_is_for_administrators(auth: Running) -> None:
    session = await register(auth, "minsu@example.com")
    mine = f"/api/auth/users/{session['user']['id']}"
    for method, path in (
        ("GET", "/api/auth/users"),
        ("GET", mine),
        ("PATCH", mine),
        ("DELETE", f"{mine}/sessions"),
    ):
        body = {"json": {"role": "admin"}} if method == "PATCH" else {}
        answer = await auth.ask(method, "auth", path, token=session["token"], **body)
        assert (answer.status, answer.code) == (403, "forbidden")
    for method, path in (("GET", ""), ("DELETE", "/sessions")):
        nobody = f"/api/auth/users/999999{path}"
        answer = await auth.ask(method, "auth", nobody, token=auth.admin)
        assert (answer.status, answer.code) == (404, "user_not_found")
    ended = await auth.ask("DELETE", "auth", f"{mine}/sessions", token=auth.admin)
    assert ended.status == 200
    body = {"refresh_token": session["refresh_token"]}
    answer = await auth.ask("POST", "auth", "/api/auth/refresh", json=body)
    assert answer.code == "token_invalid"


async def test_a_picture_and_a_number_come_and_go(auth: Running) -> None:
    token = (await register(auth, "minsu@example.com"))["token"]

    async def change(**body: object):
        return await auth.ask("PATCH", "auth", "/api/auth/me", token=token, json=body)

    assert (await change(profile_image=PICTURE)).body["profile_image"] == PICTURE
    assert (await change(name="김민수")).body["profile_image"] == PICTURE
    assert (await change(profile_image="")).body["profile_image"] is None
    assert (await change(phone="010-1234-5678")).body["phone"] == "010-1234-5678"
    assert (await change(name="민수")).body["phone"] == "010-1234-5678"
    assert (await change(phone="")).body["phone"] is None
    assert (await change(name=" \u3000")).fields == {"name"}
    for bad in ("javascript:alert(1)", "https://a b", 'https://a/"onload=', "x" * 3_000):
        assert (await change(profile_image=bad)).code == "invalid_request"
