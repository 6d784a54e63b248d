"""Whom the platform believes: keys kept across restarts, services by their secret, and no forged token."""

import base64
from pathlib import Path

import asyncpg
import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.engines import Database
from tests.services import Running, serving, settings_for
from tiketi_platform.adapters.tokens.signer import Signer
from tiketi_platform.framework.access import ACCESS_AUDIENCE, ENTRY_AUDIENCE
from tiketi_platform.framework.clock import SystemClock
from tiketi_platform.runtime.engines.valkey import ValkeyServer

USERS = "/api/auth/sandbox/users"


async def test_keys_and_administrator_outlive_a_restart(
    postgres: Database, valkey: ValkeyServer, tmp_path: Path
) -> None:
    seen = []
    hashes = []
    for _ in range(2):
        settings = settings_for(postgres, valkey, tmp_path)
        async with serving(settings, "auth") as auth:
            seen.append((await auth.ask("GET", "auth", "/.well-known/jwks.json")).body)
        connection = await asyncpg.connect(postgres.dsn("auth"))
        hashes.append(await connection.fetchval("SELECT password_hash FROM users"))
        await connection.close()
    assert seen[0] == seen[1]
    assert [sorted(key) for key in seen[0]["keys"]] == [["alg", "crv", "kid", "kty", "use", "x"]]
    assert hashes[0] == hashes[1]


async def test_a_new_admin_password_counts_from_the_next_start(
    postgres: Database, valkey: ValkeyServer, tmp_path: Path
) -> None:
    settings = settings_for(postgres, valkey, tmp_path)
    body = {"email": settings.admin_email, "password": settings.secret("admin-password")}
    async with serving(settings, "auth") as auth:
        session = (await auth.ask("POST", "auth", "/api/auth/login", json=body)).body
    (settings.secrets_dir / "admin-password").write_text("another password\n")
    async with serving(settings, "auth") as auth:
        assert (await auth.ask("POST", "auth", "/api/auth/login", json=body)).status == 401
        body["password"] = "another password"
        assert (await auth.ask("POST", "auth", "/api/auth/login", json=body)).status == 200
        refresh = {"refresh_token": session["refresh_token"]}
        ended = await auth.ask("POST", "auth", "/api/auth/refresh", json=refresh)
        assert ended.code == "token_invalid"


def forged(auth: Running) -> dict[str, str]:
    now_s = SystemClock().now_ms() // 1000
    claims = {"sub": "1", "role": "admin", "iss": "tiketi", "aud": "tiketi"}
    claims |= {"iat": now_s, "exp": now_s + 60}  # type: ignore[dict-item]
    own = Signer.from_file(auth.settings.keys_dir / "auth.pem")
    foreign = Ed25519PrivateKey.generate()
    kid = {"kid": own.jwk.kid}
    header, _, signature = auth.token().split(".")
    payload = base64.urlsafe_b64encode(orjson.dumps(claims)).rstrip(b"=").decode()

    def signed(audience: str, **changes: object) -> str:
        return own.sign(
            {"sub": "1", "role": "admin", **changes},
            audience=audience,
            issued_at_s=now_s,
            expires_at_s=now_s + 60,
        )

    return {
        "another key": jwt.encode(claims, foreign, algorithm="EdDSA", headers=kid),
        "an unknown key": jwt.encode(claims, foreign, algorithm="EdDSA", headers={"kid": "x"}),
        "no algorithm": jwt.encode(claims, "", algorithm="none", headers=kid),
        "the public key as a secret": jwt.encode(
            claims, own.jwk.x.ljust(48, "x"), algorithm="HS256", headers=kid
        ),
        "a swapped payload": f"{header}.{payload}.{signature}",
        "another audience": signed(ENTRY_AUDIENCE),
        "another issuer": jwt.encode(
            claims | {"iss": "google"}, own.private_key, algorithm="EdDSA", headers=kid
        ),
        "an unknown role": signed(ACCESS_AUDIENCE, role="root"),
        "a user as a service": signed(ACCESS_AUDIENCE, role="service"),
        "garbage": "a.b.c",
    }


async def test_no_forged_token_is_believed(auth: Running) -> None:
    for what, token in forged(auth).items():
        body = {"prefix": "crowd", "count": 1}
        answer = await auth.ask("POST", "auth", USERS, token=token, json=body)
        assert (answer.status, answer.code) == (401, "token_invalid"), what
    expired = await auth.ask("GET", "auth", "/api/auth/me", token=auth.token(ttl_s=-1))
    assert (expired.status, expired.code) == (401, "token_expired")


async def test_a_service_proves_itself_by_its_secret(auth: Running) -> None:
    async def ask(service: str, secret: str):
        body = {"service": service, "secret": secret}
        return await auth.ask("POST", "auth", "/api/auth/service-token", json=body)

    good = await ask("queue", auth.settings.secret("queue-service"))
    assert good.status == 200
    claims = jwt.decode(good.body["token"], options={"verify_signature": False})
    assert (claims["sub"], claims["role"]) == ("service:queue", "service")
    for service, secret in (
        ("queue", auth.settings.secret("payment-service")),
        ("queue", "x"),
        ("payment", auth.settings.secret("queue-service")),
    ):
        refused = await ask(service, secret)
        assert (refused.status, refused.code) == (401, "bad_credentials")
    (auth.settings.secrets_dir / "event-service").write_text("")
    assert (await ask("event", "x")).code == "bad_credentials"
    assert (await ask("nobody", "x")).code == "invalid_request"
    me = await auth.ask("GET", "auth", "/api/auth/me", token=good.body["token"])
    assert (me.status, me.code) == (401, "unauthenticated")


async def test_contacts_are_for_services(auth: Running) -> None:
    body = {"prefix": "crowd", "count": 3}
    made = await auth.ask("POST", "auth", USERS, token=auth.admin, json=body)
    ids = [user["user_id"] for user in made.body["items"]]
    service = auth.token(sub="service:notification", role="service")
    wanted = {"user_ids": [*ids[:2], 10**9]}
    answer = await auth.ask("POST", "auth", "/api/auth/contacts", token=service, json=wanted)
    assert {item["user_id"]: item["email"] for item in answer.body["items"]} == {
        ids[0]: "crowd-000001@load.tiketi.test",
        ids[1]: "crowd-000002@load.tiketi.test",
    }
    for token in (auth.token(), made.body["items"][0]["token"]):
        refused = await auth.ask("POST", "auth", "/api/auth/contacts", token=token, json=wanted)
        assert (refused.status, refused.code) == (403, "forbidden")


async def test_provisioning_again_gives_the_same_users_new_tokens(
    auth: Running, tables: asyncpg.Connection
) -> None:
    async def provision(first: int, count: int):
        body = {"prefix": "crowd", "first_number": first, "count": count}
        return (await auth.ask("POST", "auth", USERS, token=auth.admin, json=body)).body["items"]

    first = await provision(1, 1000)
    assert [user["email"] for user in first[:2]] == [
        "crowd-000001@load.tiketi.test",
        "crowd-000002@load.tiketi.test",
    ]
    assert len({user["token"] for user in first}) == 1000
    overlapping = await provision(999, 4)
    assert [user["user_id"] for user in overlapping[:2]] == [u["user_id"] for u in first[998:]]
    assert overlapping[0]["token"] != first[998]["token"]
    me = await auth.ask("GET", "auth", "/api/auth/me", token=overlapping[3]["token"])
    assert (me.body["id"], me.body["name"]) == (overlapping[3]["user_id"], "crowd-001002")
    assert await tables.fetchval("SELECT count(*) FROM users WHERE role = 'user'") == 1002
    assert await tables.fetchval("SELECT last_value FROM outbox_seq_seq WHERE is_called") is None


async def test_provisioning_is_the_administrators_and_the_sandboxs(
    postgres: Database, valkey: ValkeyServer, tmp_path: Path
) -> None:
    body = {"prefix": "crowd", "count": 1}
    settings = settings_for(postgres, valkey, tmp_path)
    async with serving(settings, "auth") as auth:
        assert (await auth.ask("POST", "auth", USERS, json=body)).status == 401
        refused = await auth.ask("POST", "auth", USERS, token=auth.token(), json=body)
        assert refused.code == "forbidden"
    real = settings_for(postgres, valkey, tmp_path, sandbox=False)
    async with serving(real, "auth") as auth:
        assert (await auth.ask("POST", "auth", USERS, token=auth.admin, json=body)).status == 404


BAD: list[tuple[str, object, str]] = [
    ("register", {"email": "a@b.com", "password": "short", "name": "a"}, "password"),
    ("register", {"email": "a@b.com", "password": "x" * 129, "name": "a"}, "password"),
    ("register", {"email": "a b@c.com", "password": "x" * 8, "name": "a"}, "email"),
    ("register", {"email": "a@b.com", "password": "x" * 8, "name": "a\u0000"}, "name"),
    ("register", {"email": "a@b.com", "password": "x" * 8, "name": ""}, "name"),
    (
        "register",
        {"email": "a@b.com", "password": "x" * 8, "name": "a", "role": "admin"},
        "role",
    ),
    ("register", {"email": "a@b.com", "password": 12345678, "name": "a"}, "password"),
    ("login", {"email": "a@b.com"}, "password"),
    ("refresh", {"refresh_token": "한글"}, "refresh_token"),
    ("sandbox/users", {"prefix": "crowd", "count": 1001}, "count"),
    ("sandbox/users", {"prefix": "Crowd", "count": 1}, "prefix"),
]


async def test_bad_input_names_its_field_and_changes_nothing(
    auth: Running, tables: asyncpg.Connection
) -> None:
    for path, body, field in BAD:
        answer = await auth.ask("POST", "auth", f"/api/auth/{path}", token=auth.admin, json=body)
        assert (answer.status, answer.code) == (400, "invalid_request"), body
        assert answer.fields == {field}, body
    assert await tables.fetchval("SELECT count(*) FROM users") == 1
