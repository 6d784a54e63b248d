"""Logging in and out, and which platform and user a profile stands for."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

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
    tiketi("config", "profiles", "set", "local", "--at", service.url)
    return tiketi("auth", "login", "--email", "kim@example.com", *more)


def test_login_is_kept_and_masked(tiketi, service, monkeypatch):
    assert _log_in(tiketi, service, monkeypatch).status == 0
    body = service.seen[-1].body
    assert body.pop("device").startswith("tiketi on ")
    assert body == {"email": "kim@example.com", "password": "correct horse"}
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
    ended = tiketi("auth", "login", "--email", "kim@example.com")
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


def test_logging_out_everywhere_forgets_too(tiketi, service, monkeypatch):
    _log_in(tiketi, service, monkeypatch)
    service.says("POST /api/auth/logout-everywhere", {"logged_out": True})
    assert tiketi("auth", "logout", "--everywhere").status == 0
    assert tiketi("auth", "token").status == 2


def test_sessions_are_listed_and_ended(at_service, service):
    items = [
        {
            "id": 42,
            "device": "노트북",
            "address": "127.0.0.1",
            "created_at": "2027-01-01T00:00:00Z",
            "last_used_at": "2027-01-02T00:00:00Z",
            "expires_at": "2027-01-03T00:00:00Z",
            "is_current": True,
        }
    ]
    service.says("GET /api/auth/sessions", {"items": items})
    listed = at_service("auth", "sessions", "list")
    assert listed.lines[1][:2] == ["42", "노트북"]
    assert listed.lines[1][-1] == "yes"
    service.says("DELETE /api/auth/sessions/42", {"logged_out": True})
    assert at_service("auth", "sessions", "end", "42", "--json").json == {"logged_out": True}
    service.refuses("DELETE /api/auth/sessions/43", "session_not_found")
    assert at_service("auth", "sessions", "end", "43").status == 6


def test_a_password_is_changed_and_the_new_session_kept(tiketi, service, monkeypatch):
    _log_in(tiketi, service, monkeypatch)
    changed = {**SESSION, "token": "second-access-token-0002"}
    service.says("POST /api/auth/password", changed)
    monkeypatch.setenv("TIKETI_NEW_PASSWORD", "배터리 스테이플")  # the door for scripts
    assert tiketi("auth", "password", "change").status == 0
    body = service.seen[-1].body
    assert (body["current_password"], body["new_password"]) == ("correct horse", "배터리 스테이플")
    known = {"valid": True, "user": USER, "expires_at": "2099-01-01T00:00:00Z"}
    service.says("GET /api/auth/verify", known)
    assert tiketi("auth", "token").out.strip() == changed["token"]


def test_a_forgotten_password(at_service, service, monkeypatch):
    service.says("POST /api/auth/password/forgot", {"sent": True}, status=202)
    assert at_service("auth", "password", "forgot", "kim@example.com").status == 0
    service.says("POST /api/auth/password/reset", {"changed": True})
    monkeypatch.setenv("TIKETI_PASSWORD", "배터리 스테이플")  # the door for scripts
    monkeypatch.setenv("TIKETI_RESET_CODE", "abc")
    assert at_service("auth", "password", "reset").status == 0
    assert service.seen[-1].body == {"token": "abc", "new_password": "배터리 스테이플"}
    service.refuses("POST /api/auth/password/reset", "token_expired")
    assert at_service("auth", "password", "reset").status == 4
    monkeypatch.delenv("TIKETI_RESET_CODE")
    assert "--code-stdin" in at_service("auth", "password", "reset").err


def test_administrators_look_after_accounts(at_service, service):
    service.says("GET /api/auth/users", {"items": [USER], "next_cursor": None})
    listed = at_service("auth", "users", "list", "--search", "하늘", "--enabled", "--json")
    assert listed.json["items"][0]["name"] == "김하늘"
    assert "disabled=false" in service.seen[-1].path
    service.says("GET /api/auth/users/7", USER)
    assert at_service("auth", "users", "show", "7", "--json").json["id"] == 7
    service.says("PATCH /api/auth/users/7", {**USER, "role": "admin"})
    assert at_service("auth", "users", "role", "7", "admin").status == 2, "nobody can be asked"
    promoted = at_service("auth", "users", "role", "7", "admin", "--yes", "--json")
    assert promoted.json["role"] == "admin"
    assert service.seen[-1].body == {"role": "admin"}
    service.says("PATCH /api/auth/users/7", {**USER, "disabled_at": "2027-01-01T00:00:00Z"})
    assert at_service("auth", "users", "disable", "7").status == 2, "nobody can be asked"
    assert at_service("auth", "users", "disable", "7", "--yes").status == 0
    assert service.seen[-1].body == {"disabled": True}
    service.says("PATCH /api/auth/users/7", USER)
    assert at_service("auth", "users", "enable", "7").status == 0
    assert service.seen[-1].body == {"disabled": False}
    service.says("DELETE /api/auth/users/7/sessions", {"logged_out": True})
    assert at_service("auth", "users", "logout", "7", "--yes").status == 0
    service.refuses("PATCH /api/auth/users/7", "last_admin")
    assert at_service("auth", "users", "role", "7", "user", "--yes").status == 7


def test_one_changes_oneself(at_service, service):
    service.says("PATCH /api/auth/me", {**USER, "profile_image": "https://a.test/b.png"})
    assert at_service("auth", "update", "--picture", "https://a.test/b.png").status == 0
    assert service.seen[-1].body == {"profile_image": "https://a.test/b.png"}
    assert at_service("auth", "update").status == 2


def test_keys_are_listed_and_rotated(at_service, service):
    moment = "2027-01-01T00:00:00Z"
    key = {"kid": "k1", "state": "current", "created_at": moment, "signs_from": moment}
    service.says("GET /api/auth/keys", {"items": [key]})
    assert at_service("auth", "keys", "list").lines[1][:2] == ["k1", "current"]
    service.says("POST /api/auth/keys/rotate", {"items": [key]}, status=201)
    assert at_service("auth", "keys", "rotate").status == 2, "nobody can be asked"
    assert at_service("auth", "keys", "rotate", "--yes").status == 0
    assert service.seen[-1].body == {"publish_ahead_s": 120}
    at_service("auth", "keys", "rotate", "--yes", "--publish-ahead", "5")
    assert service.seen[-1].body == {"publish_ahead_s": 5}


@pytest.mark.parametrize("verb", ["login", "register"])
@pytest.mark.parametrize("by", ["--url", "TIKETI_URL"])
def test_no_platform_takes_over_a_profile_nobody_named(tiketi, service, monkeypatch, verb, by):
    service.says("POST /api/auth/login", SESSION)
    service.says("POST /api/auth/register", SESSION, status=201)
    monkeypatch.setenv("TIKETI_PASSWORD", "correct horse")  # the door for scripts
    words = ["auth", verb, "--email", "kim@example.com"] + ["--name", "김하늘"] * (verb != "login")
    if by == "--url":
        words += ["--url", service.url]
    else:
        monkeypatch.setenv("TIKETI_URL", service.url)  # as above
    ended = tiketi(*words)
    assert ended.status == 2
    assert "tiketi config profiles set" in ended.err
    assert service.seen == [], "no session was opened that nobody keeps"
    assert tiketi(*words, "--profile", "local").status == 0
    monkeypatch.delenv("TIKETI_URL", raising=False)
    assert tiketi("config", "show", "--json").json["urls"]["auth"] == service.url


def test_the_environments_address_gets_no_stored_token(tiketi, service, monkeypatch):
    _log_in(tiketi, service, monkeypatch)
    service.says("GET /api/points/balance", BALANCE)
    monkeypatch.setenv("TIKETI_URL", service.url.replace("127.0.0.1", "localhost"))
    assert tiketi("points", "balance").status == 0
    assert "authorization" not in service.seen[-1].headers


def test_the_environment_is_not_written_into_a_profile(tiketi, service, monkeypatch):
    _log_in(tiketi, service, monkeypatch)
    monkeypatch.setenv("TIKETI_TOKEN", "token-of-the-build")
    monkeypatch.setenv("TIKETI_URL", "https://elsewhere.example")
    assert tiketi("config", "profiles", "set", "local", "--email", "x@example.com").status == 0
    listed = tiketi("config", "profiles", "list", "--json").json["items"][0]
    assert (listed["email"], listed["urls"]["auth"]) == ("x@example.com", service.url)
    monkeypatch.delenv("TIKETI_TOKEN")
    monkeypatch.delenv("TIKETI_URL")
    shown = tiketi("config", "show", "--json").json
    assert (shown["token"], shown["refresh_token"]) == ("…0001", "…0001")


def test_what_is_left_of_an_ended_session_is_forgotten(tiketi, service, monkeypatch):
    expired = {**SESSION, "expires_at": "2020-01-01T00:00:00Z"}
    service.says("POST /api/auth/login", expired)
    service.refuses("POST /api/auth/refresh", "token_invalid")
    monkeypatch.setenv("TIKETI_PASSWORD", "correct horse")  # the door for scripts
    tiketi("config", "profiles", "set", "local", "--at", service.url)
    tiketi("auth", "login", "--email", "kim@example.com")
    tiketi("points", "balance")
    assert tiketi("config", "profiles", "list", "--json").json["items"][0]["logged_in"] is False
    ended = tiketi("auth", "logout")
    assert (ended.status, "forgot what was left" in ended.err) == (0, True)
    assert tiketi("config", "show", "--json").json["token"] is None
    assert "nobody was logged in" in tiketi("auth", "logout").err


def test_addresses_are_shown_without_their_passwords(tiketi, monkeypatch):
    for name in ("POSTGRES", "REDIS", "SMTP", "DATABASE", "BUS"):
        monkeypatch.setenv(f"TIKETI_{name}_URL", f"{name.lower()}://u:hunter2@h/db")
    monkeypatch.setenv("TIKETI_RESET_CODE", "hunter2-hunter2")
    tiketi("config", "profiles", "set", "far", "--at", "https://u:hunter2@far.example")
    for words in (
        ("config", "show"),
        ("config", "profiles", "list"),
        ("config", "profiles", "set", "far"),
    ):
        for more in ((), ("--json",), ("--profile", "far")):
            shown = tiketi(*words, *more)
            assert shown.status == 0
            assert "hunter2" not in shown.out
    assert "postgres://u:…@h/db" in tiketi("config", "show").out
