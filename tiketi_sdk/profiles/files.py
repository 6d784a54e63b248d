"""Where profiles and their tokens lie, read and written whole; it knows no environment but where that is."""

import contextlib
import json
import os
import tempfile
import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from tiketi_sdk.config import Credentials
from tiketi_sdk.errors import ConfigError
from tiketi_sdk.profiles.profile import PROFILE_DEFAULT


def config_folder() -> Path:
    """`TIKETI_CONFIG_DIR`, else the user's own configuration folder for tiketi."""
    chosen = os.environ.get("TIKETI_CONFIG_DIR")
    return Path(chosen) if chosen else user_config_path("tiketi", appauthor=False)


def profiles_file() -> Path:
    """The file people may read and edit: addresses and e-mails by profile."""
    return config_folder() / "profiles.toml"


def credentials_file(name: str) -> Path:
    """The file of a profile's tokens; mode 0600."""
    return config_folder() / "credentials" / f"{name}.json"


def read_profiles() -> dict[str, Any]:
    path = profiles_file()
    try:
        stored = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        stored = {}
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from None
    profiles = stored.get("profiles", {})
    default = stored.get("default", PROFILE_DEFAULT)
    if not isinstance(default, str) or not isinstance(profiles, dict):
        raise ConfigError(f"{path}: `default` is a name and `profiles` are tables")
    for name, entry in profiles.items():
        _check_entry(path, name, entry)
    return {"default": default, "profiles": profiles}


def _check_entry(path: Path, name: str, entry: object) -> None:
    fits = isinstance(entry, dict) and all(
        isinstance(entry.get(key, ""), str) for key in ("url", "email")
    )
    urls = entry.get("urls", {}) if isinstance(entry, dict) else None
    if not fits or not isinstance(urls, dict) or not all(isinstance(u, str) for u in urls.values()):
        raise ConfigError(
            f"{path}: profile {name!r} holds `url`, `email` and a table `urls` of text"
        )


def write_profiles(stored: Mapping[str, Any]) -> None:
    lines = [f"default = {_toml(stored['default'])}"]
    for name, entry in sorted(stored["profiles"].items()):
        lines += ["", f"[profiles.{_toml(name)}]"]
        lines += [f"{key} = {_toml(entry[key])}" for key in ("email", "url") if key in entry]
        if entry.get("urls"):
            lines += ["", f"[profiles.{_toml(name)}.urls]"]
            lines += [f"{_toml(key)} = {_toml(url)}" for key, url in sorted(entry["urls"].items())]
    _write_atomically(profiles_file(), "\n".join(lines) + "\n")


def _toml(text: str) -> str:
    """A TOML basic string; JSON's escapes are a part of TOML's, and DEL alone must be added."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def read_credentials(name: str) -> Credentials:
    path = credentials_file(name)
    try:
        stored = json.loads(path.read_text("utf-8"))
        expires_at = stored.get("expires_at")
        return Credentials(
            token=stored.get("token"),
            refresh_token=stored.get("refresh_token"),
            refresh_key=stored.get("refresh_key"),
            expires_at=None if expires_at is None else datetime.fromisoformat(expires_at),
            entry_tokens={int(key): token for key, token in stored.get("entry_tokens", {}).items()},
        )
    except FileNotFoundError:
        return Credentials()
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ConfigError(f"cannot read {path}: {error}; log in again after removing it") from None


def write_credentials(name: str, credentials: Credentials) -> None:
    expires_at = credentials.expires_at
    stored = {
        "token": credentials.token,
        "refresh_token": credentials.refresh_token,
        "refresh_key": credentials.refresh_key,
        "expires_at": None if expires_at is None else expires_at.isoformat(),
        "entry_tokens": {str(key): token for key, token in credentials.entry_tokens.items()},
    }
    _write_atomically(credentials_file(name), json.dumps(stored, indent=2) + "\n")


def private_folder(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def _write_atomically(path: Path, text: str) -> None:
    """Readers see the old file or the new one, never half; only the owner may read it."""
    private_folder(path.parent)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:  # cancellation too: it must be tidied up after, then goes on
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise
