"""Accounts on the whole platform: a mail that resets a password, a login with Google, a token that is revoked."""

from __future__ import annotations

import json
import re
import secrets
import urllib.error
import urllib.parse
import urllib.request
from email import message_from_bytes, policy

import pytest

from tests.acceptance.stage import Stage, patiently
from tiketi_platform.adapters.tokens.key_ring import KEYS_MAX
from tiketi_sdk import errors


class _Stay(urllib.request.HTTPRedirectHandler):
    """Looks at where it would be sent."""

    def redirect_request(self, *_: object) -> None:
        return None


def test_a_mail_resets_a_password(platform: Stage) -> None:
    email = f"minji-{secrets.token_hex(4)}@example.com"
    client = platform.client()
    client.auth.register(email=email, password="correct horse", name="김민지")
    platform.client().auth.forgot_password(email=email)
    platform.client().auth.forgot_password(email=f"not-{email}")
    (mail,) = patiently(
        lambda: [each for each in platform.mails(email) if "비밀번호" in each["subject"]],
        timeout_s=60,
    )
    address = f"http://127.0.0.1:{platform.sandbox_ports['mailbox']}/api/messages/{mail['id']}/raw"
    with urllib.request.urlopen(address) as answer:
        raw = answer.read()
    text = message_from_bytes(raw, policy=policy.default).get_body(("plain",))
    assert text is not None
    found = re.search(r"^([\w.-]{16,})\s*$", text.get_content(), re.MULTILINE)
    assert found is not None
    platform.client().auth.reset_password(token=found[1], new="배터리 스테이플")
    with pytest.raises(errors.BadCredentialsError):
        platform.client().auth.login(email=email, password="correct horse")
    again = platform.client()
    assert again.auth.login(email=email, password="배터리 스테이플").user.name == "김민지"
    assert platform.mails(f"not-{email}") == []


def _come_back(url: str, email: str) -> dict[str, str]:
    parts = urllib.parse.urlsplit(url)
    query = dict(urllib.parse.parse_qsl(parts.query))
    data = urllib.parse.urlencode({**query, "email": email, "verified": "1"}).encode()
    opener = urllib.request.build_opener(_Stay)
    with pytest.raises(urllib.error.HTTPError) as redirect:
        opener.open(f"{parts.scheme}://{parts.netloc}/o/oauth2/v2/consent", data)
    location = redirect.value.headers["Location"]
    redirect.value.close()
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))


def test_one_logs_in_with_the_sandbox_google(platform: Stage) -> None:
    email = f"minji-{secrets.token_hex(4)}@gmail.test"
    client = platform.client()
    asked = client.auth.google_authorize(redirect_uri="http://127.0.0.1:9/callback")
    assert asked.url.startswith(f"http://127.0.0.1:{platform.sandbox_ports['google']}/")
    came = _come_back(asked.url, email)
    session = client.auth.google(
        code=came["code"], state=came["state"], code_verifier=asked.code_verifier
    )
    assert (session.user.email, session.user.provider) == (email, "GOOGLE")
    assert client.points.balance().balance == 0


def test_a_password_is_asked_once_before_google_gets_in(platform: Stage) -> None:
    email = f"minji-{secrets.token_hex(4)}@gmail.test"
    local = platform.client().auth.register(email=email, password="correct horse", name="김민지")
    client = platform.client()

    def by_google() -> int:
        asked = client.auth.google_authorize(redirect_uri="http://127.0.0.1:9/callback")
        came = _come_back(asked.url, email)
        session = client.auth.google(
            code=came["code"], state=came["state"], code_verifier=asked.code_verifier
        )
        return session.user.id

    with pytest.raises(errors.GoogleLinkRequiredError) as refused:
        by_google()
    token = str(refused.value.extra["link_token"])
    linked = client.auth.google_link(link_token=token, password="correct horse")
    assert linked.user.id == by_google() == local.user.id


def test_a_new_role_is_known_to_a_client_that_goes_on(platform: Stage) -> None:
    client = platform.visitor()
    user_id = client.auth.me().id
    assert platform.admin.users.update(user_id, role="admin").role == "admin"
    old = client.credentials.token

    def is_admin() -> bool:
        client.points.balance()  # a revoked token is traded for a new one on the way
        return client.credentials.token != old

    patiently(is_admin)
    assert client.users.get(user_id).role == "admin"
    platform.admin.users.update(user_id, role="user")

    def is_out() -> bool:
        try:
            client.users.get(user_id)
        except errors.PermissionDeniedError:
            return True
        return False

    patiently(is_out)


def test_keys_rotate_on_a_living_platform(platform: Stage) -> None:
    before = platform.admin.auth.signing_keys().items
    try:
        after = platform.admin.auth.rotate_keys(publish_ahead_s=86_400).items
    except errors.RateLimitedError:
        # Other tests have published as many as there may be.
        assert len(before) == KEYS_MAX
        return
    assert [key.kid for key in after][1:] == [key.kid for key in before]
    assert after[0].state == "next"
    published = json.dumps(platform.client().auth.jwks().model_dump())
    assert after[0].kid in published
