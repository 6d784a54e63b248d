"""Profiles on disk: round trips, private secrets, whole files, one refresh between processes."""

from __future__ import annotations

import stat
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.waiting import PATIENCE_S
from tiketi_sdk import (
    AsyncTiketi,
    Credentials,
    Profile,
    errors,
    load_profile,
    profiles,
    save_profile,
)
from tiketi_sdk.config import service_urls
from tiketi_sdk.profiles import ProfileStore, lock

MINJI = Profile(
    name="seoul",
    urls=service_urls("https://tickets.example"),
    email='min"ji\\@예시.example',
    token="t-1",
    refresh_token="r-1",
    refresh_key="k-1",
    expires_at=datetime(2026, 5, 1, tzinfo=UTC),
    entry_tokens={42: "e-1"},
)


def test_the_built_in_profile_needs_no_file():
    assert load_profile() == Profile(name="local")
    assert profiles.list_profiles() == ["local"]
    assert not profiles.config_folder().exists()


def test_round_trip():
    save_profile(MINJI)
    save_profile(Profile(name="busan"))
    assert load_profile("seoul") == MINJI
    assert profiles.list_profiles() == ["busan", "local", "seoul"]


def test_secrets_are_the_owners_alone():
    save_profile(MINJI)
    path = profiles.credentials_file("seoul")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert "t-1" not in profiles.profiles_file().read_text("utf-8")
    assert "t-1" not in repr(MINJI)
    assert {each.name for each in path.parent.iterdir()} == {"seoul.json", "seoul.lock"}


def test_the_environment_wins(monkeypatch):
    # The environment is the interface under test.
    save_profile(MINJI)
    monkeypatch.setenv("TIKETI_PROFILE", "seoul")
    assert load_profile().email == MINJI.email
    monkeypatch.setenv("TIKETI_URL", "http://box:1")
    monkeypatch.setenv("TIKETI_TOKEN", "t-9")
    profile = load_profile()
    assert (profile.token, profile.refresh_token) == ("t-9", None)
    assert profile.urls["queue"] == "http://box:1"
    ProfileStore(profile).save(Credentials(token="t-10"))
    monkeypatch.delenv("TIKETI_TOKEN")
    monkeypatch.delenv("TIKETI_URL")
    assert load_profile().token == "t-1"


def test_stored_tokens_stay_at_home(monkeypatch):
    save_profile(MINJI)
    monkeypatch.setenv("TIKETI_URL", "http://box:1")  # the interface under test
    profile = load_profile("seoul")
    assert (profile.urls["queue"], profile.credentials) == ("http://box:1", Credentials())
    store = ProfileStore(profile)
    store.save(Credentials(token="t-9"))
    assert store.load().token == "t-9"
    assert profiles.load_stored("seoul") == MINJI
    monkeypatch.setenv("TIKETI_URL", "https://tickets.example")
    assert load_profile("seoul") == MINJI, "it is its own address"


def test_an_address_is_changed_without_touching_tokens():
    save_profile(MINJI)
    ProfileStore(MINJI).save(Credentials(token="t-2"))
    profiles.save_address(replace(MINJI, email="x@example.com"))
    stored = profiles.load_stored("seoul")
    assert (stored.email, stored.token) == ("x@example.com", "t-2")


@pytest.mark.parametrize(
    ("held", "is_logged_in"),
    [
        (Credentials(), False),
        (Credentials(token="t"), True),
        (Credentials(token="t", expires_at=datetime(2026, 5, 1, tzinfo=UTC)), False),
        (Credentials(token="t", expires_at=datetime(2026, 5, 3, tzinfo=UTC)), True),
        (MINJI.credentials, True),
    ],
)
def test_whether_somebody_is_logged_in(held, is_logged_in):
    now = datetime(2026, 5, 2, tzinfo=UTC)
    assert MINJI.with_credentials(held).is_logged_in(now) is is_logged_in


def test_the_default_profile():
    save_profile(MINJI)
    profiles.set_default_profile("seoul")
    assert load_profile() == MINJI
    profiles.delete_profile("seoul")
    assert profiles.default_profile() == "local"
    assert not profiles.credentials_file("seoul").exists()
    for act in (profiles.set_default_profile, profiles.delete_profile, load_profile):
        with pytest.raises(errors.ProfileNotFoundError):
            act("seoul")


@pytest.mark.parametrize("name", ["", "../evil", "a/b", ".", "이름", "x" * 65])
def test_names_that_are_none(name):
    with pytest.raises(errors.ConfigError):
        Profile(name=name)


def test_a_profile_written_by_hand():
    profiles.config_folder().mkdir()
    profiles.profiles_file().write_text(
        'default = "box"\n[profiles.box]\nurl = "http://box"\n', "utf-8"
    )
    assert load_profile().urls["auth"] == "http://box:3001"


@pytest.mark.parametrize(
    "text",
    ["default = 1", "profiles = 1", "not toml", "[profiles.a]\nurl = 1", "[profiles]\na = 1"],
)
def test_a_broken_file_is_named(text):
    profiles.config_folder().mkdir()
    profiles.profiles_file().write_text(text, "utf-8")
    with pytest.raises(errors.ConfigError, match=r"profiles\.toml"):
        load_profile()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"expires_at": "soon"}'])
def test_broken_credentials_are_named(text):
    save_profile(MINJI)
    profiles.credentials_file("seoul").write_text(text, "utf-8")
    with pytest.raises(errors.ConfigError, match=r"seoul\.json"):
        load_profile("seoul")


def test_two_processes_share_what_one_of_them_refreshed():
    save_profile(MINJI)
    one, other = (ProfileStore(load_profile("seoul")) for _ in range(2))
    assert one.try_lock()
    assert not other.try_lock()
    one.save(replace(MINJI.credentials, token="t-2"))
    one.unlock()
    assert other.try_lock()
    assert other.load().token == "t-2"
    other.unlock()


def test_a_login_is_written_once_nobody_renews_the_old_session():
    save_profile(MINJI)
    renewing = ProfileStore(load_profile("seoul"))
    assert renewing.try_lock()
    login = threading.Thread(target=save_profile, args=(replace(MINJI, token="t-login"),))
    login.start()
    # Whoever does not wait for the lock is done by now, or his session is lost by what we write.
    login.join(0.2)
    renewing.save(replace(MINJI.credentials, token="t-2"))
    renewing.unlock()
    login.join(PATIENCE_S)
    assert load_profile("seoul").token == "t-login"


def test_only_what_cannot_be_renewed_is_forgotten():
    save_profile(MINJI)
    assert not profiles.forget_ended("seoul")
    assert load_profile("seoul") == MINJI
    save_profile(replace(MINJI, refresh_token=None, refresh_key=None))
    assert profiles.forget_ended("seoul")
    assert load_profile("seoul").credentials == Credentials()
    assert not profiles.forget_ended("seoul")


def test_a_lock_that_never_comes_free_stops_no_login(monkeypatch):
    save_profile(MINJI)
    stuck = ProfileStore(load_profile("seoul"))
    assert stuck.try_lock()
    monkeypatch.setattr(lock, "LOCK_WAIT_S_MAX", 0.05)  # not to wait the whole of it
    save_profile(replace(MINJI, token="t-login"))
    stuck.unlock()
    assert load_profile("seoul").token == "t-login"


async def test_a_client_writes_new_tokens_back(platform):
    save_profile(replace(MINJI, urls=service_urls(platform.url)))
    session = {
        "token": "t-2",
        "refresh_token": "r-2",
        "expires_at": "2030-05-01T12:00:00Z",
        "user": {
            "id": 7,
            "email": "a@b.example",
            "name": "n",
            "role": "user",
            "provider": "LOCAL",
            "created_at": "2026-05-01T11:00:00Z",
        },
    }
    platform.answers("POST /api/auth/refresh", session)
    platform.answers("GET /api/auth/me", session["user"])
    async with AsyncTiketi.from_profile("seoul") as client:
        await client.auth.me()
    stored = load_profile("seoul")
    assert (stored.token, stored.refresh_token) == ("t-2", "r-2")
    assert stored.entry_tokens == {42: "e-1"}
