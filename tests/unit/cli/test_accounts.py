"""Logging in and out, and which platform and user a profile stands for."""

from __future__ import annotations

import stat
from pathlib import Path

BALANCE = {"user_id": 7, "balance": 12_500, "held": 500, "histories": []}
USER = {
    "id": 7,
    "email": "kim@example.com",
    "name": "김하늘",
    "role": "user",
    "provider": "LOCAL",
    "created_at": "2027-01-01T00:00:00Z",
}
SESSION = {
    "token": "first-access-token-0001",
    "refresh_token": "first-refresh-token-0001",
    "expires_at": "2099-01-01T00:00:00Z",
    "user": USER,
}


def _log_in(tiketi, service, monkeypatch, *more):
    service.says("POST /api/auth/login", SESSION)
    monkeypatch.setenv("TIKETI_PASSWORD", "correct horse")  # the door for scripts
    return tiketi("auth", "login", "--email", "kim@example.com", "--url", service.url, *more)


def test_login_is_kept_and_masked(tiketi, service, monkeypatch):
    assert _log_in(tiketi, service, monkeypatch).status == 0
    assert service.seen[-1].body == {"email": "kim@example.com", "password": "correct horse"}
    service.says("GET /api/auth/me", USER)
    assert tiketi("auth", "me", "--json").json["name"] == "김하늘"
    assert tiketi("auth", "whoami", "--json").json["name"] == "김하늘"
    assert service.seen[-1].headers["authorization"] == f"Bearer {SESSION['token']}"
    shown = tiketi("config", "show", "--json")
    assert SESSION["token"] not in shown.out
    assert shown.json["token"] == "…0001"
    folder = Path(tiketi("config", "path").out.strip())
    for path in (folder / "credentials" / "local.json", folder / "profiles.toml"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_stored_tokens_stay_at_home(tiketi, service, monkeypatch):
    _log_in(tiketi, service, monkeypatch)
    service.says("GET /api/events", {"items": [], "next_cursor": None})
    service.says("GET /api/points/balance", BALANCE)
    elsewhere = service.url.replace("127.0.0.1", "localhost")
    tiketi("points", "balance", "--url", elsewhere)
    assert "authorization" not in service.seen[-1].headers
    tiketi("points", "balance", "--url", service.url)
    assert service.seen[-1].headers["authorization"] == f"Bearer {SESSION['token']}"


def test_logout_forgets(tiketi, service, monkeypatch):
    _log_in(tiketi, service, monkeypatch)
    service.says("POST /api/auth/logout", {"logged_out": True})
    assert tiketi("auth", "logout").status == 0
    assert service.seen[-1].body == {"refresh_token": SESSION["refresh_token"]}
    assert tiketi("auth", "token").status == 2


def test_login_without_a_password_asks_nobody(tiketi, service):
    ended = tiketi("auth", "login", "--email", "kim@example.com", "--url", service.url)
    assert ended.status == 2
    assert "--password-stdin" in ended.err
    assert service.seen == []


def test_profiles_come_and_go(tiketi):
    assert tiketi("config", "profiles", "set", "far", "--at", "https://far.example").status == 0
    assert tiketi("config", "profiles", "use", "far").status == 0
    listed = tiketi("config", "profiles", "list", "--json").json["items"]
    assert {each["name"]: each["chosen"] for each in listed} == {"far": True, "local": False}
    assert tiketi("config", "profiles", "remove", "far").status == 2, "nobody can be asked"
    assert tiketi("config", "profiles", "remove", "far", "--dry-run").status == 0
    assert tiketi("config", "profiles", "remove", "far", "--yes").status == 0
    assert tiketi("config", "profiles", "use", "far").status == 2
    assert tiketi("auth", "me", "--profile", "far").status == 2


def test_one_service_elsewhere(tiketi):
    tiketi("config", "profiles", "set", "mine", "--service", "auth=http://127.0.0.1:4001")
    shown = tiketi("config", "show", "--profile", "mine", "--json").json
    assert shown["urls"]["auth"] == "http://127.0.0.1:4001"
    assert shown["urls"]["queue"] == "http://127.0.0.1:3003"
