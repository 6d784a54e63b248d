"""Logging in with Google against the sandbox: who gets in, whose account it is, and every way to be refused."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import asyncpg
import jwt
import pytest

from tests.engines import Database
from tests.services import Answer, Running, serving, settings_for
from tiketi_core.auth.rules import challenge_of
from tiketi_platform.adapters.google.provider import Provider
from tiketi_platform.runtime.engines.valkey import ValkeyServer
from tiketi_platform.sandbox.google.server import GoogleSandbox, running_google_sandbox
from tiketi_platform.sandbox.google.signing import Keys
from tiketi_platform.sandbox.ports import GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET

CALLBACK = "http://127.0.0.1:9/callback"
MINJI = "minji.kim@gmail.test"
VERIFIER = "v" * 43


@pytest.fixture
async def google() -> AsyncIterator[GoogleSandbox]:
    async with running_google_sandbox(port=0) as sandbox:
        yield sandbox


@pytest.fixture
async def auth(
    postgres: Database, valkey: ValkeyServer, tmp_path: Path, google: GoogleSandbox
) -> AsyncIterator[Running]:
    settings = settings_for(
        postgres, valkey, tmp_path, google_url=google.url, google_client_id=GOOGLE_CLIENT_ID
    )
    (settings.secrets_dir / "google-client-secret").write_text(GOOGLE_CLIENT_SECRET)
    async with serving(settings, "auth") as served:
        yield served


async def authorize(auth: Running, **query: str) -> dict[str, Any]:
    params = {"redirect_uri": CALLBACK, **query}
    answer = await auth.ask("GET", "auth", "/api/auth/google/authorize", params=params)
    assert answer.status == 200, answer
    return dict(answer.body)


async def consent(auth: Running, asked: dict[str, Any], **form: str) -> dict[str, str]:
    """What Google's redirect carries when somebody answers its page."""
    async with auth.http.get(asked["url"]) as page:
        assert page.status == 200
        assert MINJI in await page.text()
    parts = urlsplit(asked["url"])
    data = {**dict(parse_qsl(parts.query)), **form}
    url = f"{parts.scheme}://{parts.netloc}/o/oauth2/v2/consent"
    async with auth.http.post(url, data=data, allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()
        location = answer.headers["Location"]
    assert location.startswith(CALLBACK)
    return dict(parse_qsl(urlsplit(location).query))


async def post(auth: Running, path: str, **body: object) -> Answer:
    return await auth.ask("POST", "auth", f"/api/auth/{path}", json=body)


async def log_in(auth: Running, email: str = MINJI, **form: str) -> Answer:
    asked = await authorize(auth)
    came = await consent(auth, asked, email=email, **{"verified": "1", **form})
    assert came["state"] == asked["state"]
    return await post(
        auth,
        "google",
        code=came["code"],
        state=came["state"],
        code_verifier=asked["code_verifier"],
        device="브라우저",
    )


def assert_refused(answer: Answer, code: str) -> None:
    assert answer.code == code, answer


async def test_a_new_person_gets_an_account_and_finds_it_again(
    auth: Running, tables: asyncpg.Connection
) -> None:
    first = await log_in(auth)
    user = first.body["user"]
    assert (user["email"], user["name"], user["provider"]) == (MINJI, "김민지", "GOOGLE")
    assert user["profile_image"].startswith("https://")
    again = await log_in(auth)
    assert again.body["user"] == user
    assert await tables.fetchval("SELECT count(*) FROM users WHERE email = $1", MINJI) == 1
    me = await auth.ask("GET", "auth", "/api/auth/me", token=again.body["token"])
    assert me.body == user
    renewed = await post(auth, "refresh", refresh_token=again.body["refresh_token"])
    assert renewed.status == 200
    assert_refused(await post(auth, "login", email=MINJI, password="password"), "bad_credentials")


async def test_the_address_of_the_browser_says_what_is_asked(auth: Running) -> None:
    asked = await authorize(auth, code_challenge=challenge_of(VERIFIER))
    query = dict(parse_qsl(urlsplit(asked["url"]).query))
    assert asked["code_verifier"] is None
    assert query["scope"] == "openid email profile"
    assert query["code_challenge"] == challenge_of(VERIFIER)
    assert (query["code_challenge_method"], query["response_type"]) == ("S256", "code")
    assert query["state"] == asked["state"]
    assert len(query["nonce"]) >= 43
    assert query["redirect_uri"] == asked["redirect_uri"] == CALLBACK


async def test_an_unverified_email_reaches_nothing(
    auth: Running, tables: asyncpg.Connection
) -> None:
    await post(auth, "register", email="victim@example.com", password="password", name="a")
    for email in ("victim@example.com", "nobody@example.com", "unverified@gmail.test"):
        assert_refused(await log_in(auth, email, verified=""), "google_email_unverified")
    assert await tables.fetchval("SELECT count(*) FROM google_identities") == 0
    assert await tables.fetchval("SELECT count(*) FROM users WHERE provider = 'GOOGLE'") == 0


async def test_an_account_with_a_password_links_once_that_was_given(auth: Running) -> None:
    opened = await post(auth, "register", email=MINJI.upper(), password="password", name="민지")
    refused = await log_in(auth)
    assert (refused.status, refused.code) == (409, "google_link_required")
    token = refused.body["link_token"]
    wrong = await post(auth, "google/link", link_token=token, password="wrong")
    assert (wrong.status, wrong.code) == (401, "bad_credentials")
    assert_refused(await log_in(auth), "google_link_required")
    linked = await post(auth, "google/link", link_token=token, password="password")
    assert linked.status == 200
    assert linked.body["user"] == opened.body["user"]
    assert (await log_in(auth)).body["user"]["id"] == opened.body["user"]["id"]
    assert (await post(auth, "login", email=MINJI, password="password")).status == 200


async def test_a_link_token_is_nothing_else_and_nothing_else_is_one(auth: Running) -> None:
    opened = await post(auth, "register", email=MINJI, password="password", name="민지")
    token = (await log_in(auth)).body["link_token"]
    me = await auth.ask("GET", "auth", "/api/auth/me", token=token)
    assert (me.status, me.code) == (401, "token_invalid")
    state = (await authorize(auth))["state"]
    for other in (opened.body["token"], state, "garbage", token[:-4] + "AAAA"):
        answer = await post(auth, "google/link", link_token=other, password="password")
        assert_refused(answer, "token_invalid")


async def test_guessing_the_password_by_linking_is_limited_as_logging_in_is(
    auth: Running, tables: asyncpg.Connection
) -> None:
    await post(auth, "register", email=MINJI, password="password", name="민지")
    token = (await log_in(auth)).body["link_token"]
    await post(auth, "google/link", link_token=token, password="wrong")
    # So many wrong ones that the account has to wait; counted under the one key of the account.
    changed = await tables.execute(
        "UPDATE login_failures SET blocked_until = now() + interval '5 minutes' WHERE key = $1",
        f"account:{MINJI}",
    )
    assert changed == "UPDATE 1"
    for path, body in (
        ("google/link", {"link_token": token, "password": "password"}),
        ("login", {"email": MINJI, "password": "password"}),
    ):
        assert_refused(await post(auth, path, **body), "rate_limited")


async def test_a_disabled_account_stays_out(auth: Running) -> None:
    user_id = (await log_in(auth)).body["user"]["id"]
    path = f"/api/auth/users/{user_id}"
    await auth.ask("PATCH", "auth", path, token=auth.admin, json={"disabled": True})
    answer = await log_in(auth)
    assert (answer.status, answer.code) == (403, "account_disabled")


async def test_who_says_no_comes_back_with_the_reason(auth: Running) -> None:
    came = await consent(auth, await authorize(auth), deny="1")
    assert came["error"] == "access_denied"
    assert "code" not in came


async def test_a_code_is_good_once_and_for_who_asked(auth: Running) -> None:
    asked, other = await authorize(auth), await authorize(auth)
    code = (await consent(auth, asked, email=MINJI, verified="1"))["code"]
    mine = {"state": asked["state"], "code_verifier": asked["code_verifier"]}
    bad: list[dict[str, object]] = [
        {"state": other["state"], "code_verifier": asked["code_verifier"]},
        {"state": asked["state"], "code_verifier": other["code_verifier"]},
        {"state": asked["state"]},
        {"state": "garbage", "code_verifier": asked["code_verifier"]},
        {**mine, "redirect_uri": "http://127.0.0.1:9/elsewhere"},
    ]
    for body in bad:
        answer = await post(auth, "google", code=code, **body)
        assert (answer.status, answer.code) == (401, "google_refused"), body
    assert (await post(auth, "google", code=code)).code == "invalid_request"
    # Nothing of this reached Google, so the code is still good; after this it is not.
    assert (await post(auth, "google", code=code, **mine)).status == 200
    used = await post(auth, "google", code=code, **mine)
    assert (used.code, used.body["reason"]) == ("google_refused", "invalid_grant")


async def test_a_code_of_somebody_elses_login_is_refused_by_its_nonce(auth: Running) -> None:
    """The same client, verifier and redirect, but another login: only the nonce can tell."""
    challenge = challenge_of(VERIFIER)
    asked = await authorize(auth, code_challenge=challenge)
    other = await authorize(auth, code_challenge=challenge)
    code = (await consent(auth, other, email=MINJI, verified="1"))["code"]
    answer = await post(auth, "google", code=code, state=asked["state"], code_verifier=VERIFIER)
    assert answer.code == "google_refused"
    assert "nonce" in answer.body["detail"]


async def test_without_a_state_the_verifier_binds_the_code(
    auth: Running, google: GoogleSandbox
) -> None:
    query = {
        "client_id": GOOGLE_CLIENT_ID,
        "redirect_uri": CALLBACK,
        "scope": "openid email profile",
        "code_challenge": challenge_of(VERIFIER),
    }
    own = {
        "url": f"{google.url}/o/oauth2/v2/auth?" + "&".join(f"{k}={v}" for k, v in query.items())
    }
    code = (await consent(auth, own, email=MINJI, verified="1"))["code"]
    body = {"code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    assert (await post(auth, "google", **body)).status == 200


async def test_google_may_change_its_keys(google: GoogleSandbox) -> None:
    provider = Provider(google.url)
    try:
        first = google.keys.certs()["keys"][0]["kid"]
        assert await provider.key(first) is not None
        google.keys.rotate()
        second = google.keys.certs()["keys"][1]["kid"]
        # As if asked this moment: forged names must not make us hammer.
        provider._fetched_at_s = float("inf")
        assert await provider.key(second) is None
        provider._fetched_at_s = float("-inf")
        assert await provider.key(second) is not None
        assert await provider.key(first) is not None
        assert await provider.key("unknown") is None
    finally:
        await provider.close()


FORGERIES: dict[str, dict[str, Any]] = {
    "another audience": {"aud": "somebody-else"},
    "another client": {"azp": "somebody-else"},
    "another issuer": {"iss": "https://accounts.evil.test"},
    "expired": {"exp": int(time.time()) - 3_600},
    "from the future": {"iat": int(time.time()) + 3_600},
    "not yet valid": {"nbf": int(time.time()) + 3_600},
    "another nonce": {"nonce": "n" * 43},
    "no nonce": {"nonce": None},
    "nobody": {"sub": None},
    "an e-mail that is none": {"email": "minji"},
    "an e-mail that is no text": {"email": ["minji@gmail.test"]},
    "an e-mail that is no name": {"email": "@"},
    "an e-mail of two lines": {"email": "minji@gmail.test\nBcc: all@gmail.test"},
    "an e-mail no store takes": {"email": "minji\0@gmail.test"},
    "a number no store takes": {"sub": "\0"},
}


class Forger(Keys):
    """Signs what it is told instead of what is true."""

    def __init__(self) -> None:
        super().__init__()
        self.changes: dict[str, Any] = {}
        self.forge: Any = None

    def sign(self, claims: dict[str, Any]) -> str:
        changed = {n: v for n, v in {**claims, **self.changes}.items() if v is not None}
        token = super().sign(changed)
        return token if self.forge is None else str(self.forge(token, changed))


async def test_no_forged_id_token_is_believed(auth: Running, google: GoogleSandbox) -> None:
    google.keys = forger = Forger()
    assert (await log_in(auth)).status == 200
    for what, changes in FORGERIES.items():
        forger.changes = changes
        answer = await log_in(auth)
        assert (answer.status, answer.code) == (401, "google_refused"), what
    forger.changes = {"picture": "https://\0", "name": "\0", "email_verified": [True]}
    assert (await log_in(auth)).code == "google_email_unverified"
    forger.changes["email_verified"] = "true"
    assert (await log_in(auth)).status == 200
    forger.changes = {}
    kid = {"kid": forger.certs()["keys"][0]["kid"]}
    stranger = Keys()
    stranger.rotate()
    forgeries = {
        "alg none": lambda _token, claims: jwt.encode(claims, "", algorithm="none", headers=kid),
        "a public key as secret": lambda _token, claims: jwt.encode(
            claims, forger.certs()["keys"][0]["n"], algorithm="HS256", headers=kid
        ),
        "another key": lambda _token, claims: jwt.encode(
            claims, stranger._keys[0][1], algorithm="RS256", headers=kid
        ),
        "an unknown key": lambda _token, claims: stranger.sign(claims),
        "no signature": lambda token, _claims: token.rpartition(".")[0] + ".",
        "garbage": lambda _token, _claims: "garbage",
    }
    for what, forge in forgeries.items():
        forger.forge = forge
        answer = await log_in(auth)
        assert (answer.status, answer.code) == (401, "google_refused"), what


async def test_google_that_is_away_is_said_to_be(
    postgres: Database, valkey: ValkeyServer, tmp_path: Path
) -> None:
    settings = settings_for(postgres, valkey, tmp_path, google_url="http://127.0.0.1:9")
    async with serving(settings, "auth") as auth:
        path = "/api/auth/google/authorize"
        unregistered = await auth.ask("GET", "auth", path, params={"redirect_uri": CALLBACK})
        assert (unregistered.status, unregistered.code) == (503, "google_unavailable")
        assert "registered" in unregistered.body["detail"]
    settings = settings_for(
        postgres, valkey, tmp_path, google_url="http://127.0.0.1:9", google_client_id="x"
    )
    async with serving(settings, "auth") as auth:
        away = await auth.ask("GET", "auth", path, params={"redirect_uri": CALLBACK})
        assert (away.status, away.code) == (503, "google_unavailable")


async def test_a_wrong_secret_is_our_fault_and_not_the_users(
    auth: Running, google: GoogleSandbox
) -> None:
    google._client_secret = "another"
    answer = await log_in(auth)
    assert (answer.status, answer.code) == (503, "google_unavailable")
