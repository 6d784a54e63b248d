"""`tiketi auth login --google`: what the command does with whatever the browser brings back."""

from __future__ import annotations

import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.unit.cli.test_accounts import SESSION

AUTHORIZE = "GET /api/auth/google/authorize"
PATIENCE_S = 30.0


@pytest.fixture
def asked(service, monkeypatch):
    """A platform that sends the browser to Google, and no browser."""
    monkeypatch.setenv("TIKETI_URL", service.url)  # the door for scripts
    monkeypatch.setenv(
        "TIKETI_PROFILE", "local"
    )  # named: logging in at another address may take it
    answer = {
        "url": "https://accounts.google.com/o/oauth2/v2/auth?x=1",
        "state": "the-state",
        "redirect_uri": "http://127.0.0.1:9/callback",
        "code_verifier": "v" * 43,
        "expires_at": "2099-01-01T00:00:00Z",
    }
    service.says(AUTHORIZE, answer)
    return service


@contextmanager
def browser(service, **query: str) -> Iterator[None]:
    """Comes back to where the command said, as soon as it said so."""

    def redirect_uri() -> str | None:
        for each in service.seen:
            parts = urlsplit(each.path)
            if parts.path == "/api/auth/google/authorize":
                return str(parse_qs(parts.query)["redirect_uri"][0])
        return None

    def come_back() -> None:
        uri = _eventually(redirect_uri)
        parts = urlsplit(uri)
        spare = socket.create_connection((parts.hostname, parts.port))  # as browsers open them
        try:
            _knock(uri)
        finally:
            spare.close()

    def _knock(uri: str) -> None:
        with pytest.raises(urllib.error.HTTPError) as stray:
            urllib.request.urlopen(uri.replace("/callback", "/favicon.ico"))
        stray.value.close()
        for foreign in ("state=another&code=1", "code=1", "state=%ED%95%9C%EA%B8%80", "state=%FF"):
            with pytest.raises(urllib.error.HTTPError) as other:
                urllib.request.urlopen(f"{uri}?{foreign}")
            assert "다른 로그인" in other.value.read().decode()
            other.value.close()
        assert "터미널" in _eventually(lambda: _page(f"{uri}?{urlencode(query)}"))

    thread = threading.Thread(target=come_back)
    thread.start()
    yield
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def _page(url: str) -> str | None:
    """None while the command does not know yet which login is its own: a real browser comes later."""
    try:
        with urllib.request.urlopen(url) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        error.close()
        return None


def _eventually(ask: Callable[[], str | None]) -> str:
    deadline_s = time.monotonic() + PATIENCE_S
    while (answer := ask()) is None:
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
    return answer


def login(tiketi, *more: str):
    return tiketi("auth", "login", "--google", "--no-browser", "--json", *more)


def test_the_code_is_traded_and_the_session_kept(tiketi, asked):
    asked.says("POST /api/auth/google", SESSION)
    with browser(asked, code="4/0abc", state="the-state"):
        done = login(tiketi)
    assert (done.status, done.json["name"]) == (0, "김하늘")
    assert "https://accounts.google.com/" in done.err
    body = asked.seen[-1].body
    assert body.pop("device").startswith("tiketi on ")
    assert body == {"code": "4/0abc", "state": "the-state", "code_verifier": "v" * 43}
    assert tiketi("config", "show", "--json").json["token"] == "…0001"


def test_a_refusal_of_google_is_not_traded(tiketi, asked):
    with browser(asked, error="access_denied", state="the-state"):
        done = login(tiketi)
    assert done.status == 2
    assert "access_denied" in done.err
    assert [each.path for each in asked.seen if each.method == "POST"] == []


def test_a_refusal_is_said(tiketi, asked):
    asked.refuses("POST /api/auth/google", "google_email_unverified")
    with browser(asked, code="4/0abc", state="the-state"):
        done = login(tiketi)
    assert done.status == 5


def test_the_password_is_given_once_to_link(tiketi, asked, monkeypatch):
    problem = {
        "code": "google_link_required", "title": "", "status": 409, "detail": "link", "request_id": "1",
        "link_token": "the.link.token", "email": "kim@example.com",
    }  # fmt: skip
    asked.says("POST /api/auth/google", problem, status=409)
    asked.says("POST /api/auth/google/link", SESSION)
    monkeypatch.setenv("TIKETI_PASSWORD", "correct horse")  # the door for scripts
    with browser(asked, code="4/0abc", state="the-state"):
        done = login(tiketi)
    assert done.status == 0
    assert "kim@example.com has an account" in done.err
    body = asked.seen[-1].body
    assert (body["link_token"], body["password"]) == ("the.link.token", "correct horse")
