"""What one does with profiles: list, choose, load, save and delete them by name."""

import os
from dataclasses import replace
from typing import Any

from tiketi_sdk.config import Credentials, environment_urls, service_urls
from tiketi_sdk.errors import ProfileNotFoundError
from tiketi_sdk.profiles.files import (
    credentials_file,
    profiles_file,
    read_credentials,
    read_profiles,
    write_credentials,
    write_profiles,
)
from tiketi_sdk.profiles.lock import locked
from tiketi_sdk.profiles.profile import PROFILE_DEFAULT, Profile


def list_profiles() -> list[str]:
    """All names in order, the built-in one among them."""
    return sorted({PROFILE_DEFAULT, *read_profiles()["profiles"]})


def default_profile() -> str:
    """`TIKETI_PROFILE`, else the one `set_default_profile` named, else `local`."""
    return os.environ.get("TIKETI_PROFILE") or read_profiles()["default"]


def set_default_profile(name: str) -> None:
    """Use this profile from now on where none is named. Raises `ProfileNotFoundError`."""
    stored = read_profiles()
    if name != PROFILE_DEFAULT and name not in stored["profiles"]:
        raise ProfileNotFoundError(f"no profile {name!r} in {profiles_file()}")
    write_profiles({**stored, "default": name})


def load_profile(name: str | None = None, *, url: str | None = None) -> Profile:
    """A profile with its tokens; `url`, `TIKETI_URL` and `TIKETI_TOKEN` win over what is stored.

    At another address than its own a profile is nobody: tokens go to the platform that gave them, and to
    no other. Raises `ProfileNotFoundError`, or `ConfigError` for a file that cannot be read.
    """
    profile = load_stored(name or default_profile())
    urls = service_urls(url) if url else environment_urls()
    if urls is not None and urls != dict(profile.urls):
        profile = replace(profile, urls=urls, email=None).with_credentials(Credentials())
    if token := os.environ.get("TIKETI_TOKEN"):
        profile = replace(profile, email=None).with_credentials(Credentials(token=token))
    return profile


def load_stored(name: str) -> Profile:
    """A profile as it lies on disk, whatever the environment says: to be changed or shown. Raises as `load_profile`."""
    stored = read_profiles()["profiles"].get(name)
    if stored is None and name != PROFILE_DEFAULT:
        raise ProfileNotFoundError(f"no profile {name!r} in {profiles_file()}")
    stored = stored or {}
    urls = service_urls(stored.get("url", "http://127.0.0.1"), stored.get("urls"))
    profile = Profile(name=name, urls=urls, email=stored.get("email"))
    return profile.with_credentials(read_credentials(name))


def is_at_home(profile: Profile) -> bool:
    """Whether it points where the profile on disk of its name does; one that is not on disk is at home."""
    try:
        return dict(load_stored(profile.name).urls) == dict(profile.urls)
    except ProfileNotFoundError:
        return True


def save_profile(profile: Profile) -> None:
    """Write a profile and its tokens, once nobody is renewing the old ones; other profiles stay as they are."""
    with locked(profile.name):
        save_address(profile)
        write_credentials(profile.name, profile.credentials)


def save_address(profile: Profile) -> None:
    """Write where a profile points and whose it is; its tokens, which another process may be renewing, stay."""
    stored = read_profiles()
    entry: dict[str, Any] = {"urls": dict(profile.urls)}
    if profile.email is not None:
        entry["email"] = profile.email
    write_profiles({**stored, "profiles": {**stored["profiles"], profile.name: entry}})


def forget_ended(name: str) -> bool:
    """Forget a profile's token that cannot be renewed; whether there was one."""
    with locked(name):
        held = read_credentials(name)
        is_left = held.token is not None and held.refresh_token is None
        if is_left:
            write_credentials(name, Credentials())
        return is_left


def delete_profile(name: str) -> None:
    """Remove a profile and its tokens. Raises `ProfileNotFoundError`."""
    stored = read_profiles()
    if name not in stored["profiles"] and not credentials_file(name).exists():
        raise ProfileNotFoundError(f"no profile {name!r} in {profiles_file()}")
    left = {key: entry for key, entry in stored["profiles"].items() if key != name}
    default = PROFILE_DEFAULT if stored["default"] == name else stored["default"]
    write_profiles({"default": default, "profiles": left})
    credentials_file(name).unlink(missing_ok=True)
