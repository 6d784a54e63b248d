"""Profiles on disk: which platform, which user. Secrets lie apart, readable by their owner only."""

import contextlib
import json
import os
import re
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final, Self

from platformdirs import user_config_path

from tiketi_sdk.config import Credentials, environment_urls, service_urls
from tiketi_sdk.errors import ConfigError, ProfileNotFoundError

try:
    import fcntl
except ImportError:  # Windows: two commands at once are not kept apart there
    fcntl = None  # type: ignore[assignment]

PROFILE_DEFAULT = "local"
"""Exists without a file: the platform on this machine, nobody logged in."""
LOCK_WAIT_S_MAX: Final = 30.0
"""How long another process may take over its refresh before a login is written all the same."""
_LOCK_POLL_S: Final = 0.02
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A platform and a user of it."""

    name: str
    urls: Mapping[str, str] = field(default_factory=service_urls)
    """By service name."""
    email: str | None = None
    token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    refresh_key: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    entry_tokens: Mapping[int, str] = field(default_factory=dict, repr=False)
    """By event id."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ConfigError(
                f"not a profile name: {self.name!r} (letters, digits, - and _, to 64)"
            )

    def is_logged_in(self, now: datetime) -> bool:
        """Whether it holds a token that is good at `now`, or the means to get one."""
        if self.token is None or self.refresh_token is not None:
            return self.refresh_token is not None
        return self.expires_at is None or self.expires_at > now

    @property
    def credentials(self) -> Credentials:
        """Whom a client of this profile acts as."""
        return Credentials(
            token=self.token,
            refresh_token=self.refresh_token,
            refresh_key=self.refresh_key,
            expires_at=self.expires_at,
            entry_tokens=self.entry_tokens,
        )

    def with_credentials(self, credentials: Credentials) -> Self:
        """This profile after a login, a refresh or an admission."""
        return replace(
            self,
            token=credentials.token,
            refresh_token=credentials.refresh_token,
            refresh_key=credentials.refresh_key,
            expires_at=credentials.expires_at,
            entry_tokens=credentials.entry_tokens,
        )


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


def list_profiles() -> list[str]:
    """All names in order, the built-in one among them."""
    return sorted({PROFILE_DEFAULT, *_read_profiles()["profiles"]})


def default_profile() -> str:
    """`TIKETI_PROFILE`, else the one `set_default_profile` named, else `local`."""
    return os.environ.get("TIKETI_PROFILE") or _read_profiles()["default"]


def set_default_profile(name: str) -> None:
    """Use this profile from now on where none is named. Raises `ProfileNotFoundError`."""
    stored = _read_profiles()
    if name != PROFILE_DEFAULT and name not in stored["profiles"]:
        raise ProfileNotFoundError(f"no profile {name!r} in {profiles_file()}")
    _write_profiles({**stored, "default": name})


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
    stored = _read_profiles()["profiles"].get(name)
    if stored is None and name != PROFILE_DEFAULT:
        raise ProfileNotFoundError(f"no profile {name!r} in {profiles_file()}")
    stored = stored or {}
    urls = service_urls(stored.get("url", "http://127.0.0.1"), stored.get("urls"))
    profile = Profile(name=name, urls=urls, email=stored.get("email"))
    return profile.with_credentials(_read_credentials(name))


def is_at_home(profile: Profile) -> bool:
    """Whether it points where the profile on disk of its name does; one that is not on disk is at home."""
    try:
        return dict(load_stored(profile.name).urls) == dict(profile.urls)
    except ProfileNotFoundError:
        return True


def save_profile(profile: Profile) -> None:
    """Write a profile and its tokens, once nobody is renewing the old ones; other profiles stay as they are."""
    with _locked(profile.name):
        save_address(profile)
        _write_credentials(profile.name, profile.credentials)


def save_address(profile: Profile) -> None:
    """Write where a profile points and whose it is; its tokens, which another process may be renewing, stay."""
    stored = _read_profiles()
    entry: dict[str, Any] = {"urls": dict(profile.urls)}
    if profile.email is not None:
        entry["email"] = profile.email
    _write_profiles({**stored, "profiles": {**stored["profiles"], profile.name: entry}})


def forget_ended(name: str) -> bool:
    """Forget a profile's token that cannot be renewed; whether there was one."""
    with _locked(name):
        held = _read_credentials(name)
        is_left = held.token is not None and held.refresh_token is None
        if is_left:
            _write_credentials(name, Credentials())
        return is_left


def delete_profile(name: str) -> None:
    """Remove a profile and its tokens. Raises `ProfileNotFoundError`."""
    stored = _read_profiles()
    if name not in stored["profiles"] and not credentials_file(name).exists():
        raise ProfileNotFoundError(f"no profile {name!r} in {profiles_file()}")
    left = {key: entry for key, entry in stored["profiles"].items() if key != name}
    default = PROFILE_DEFAULT if stored["default"] == name else stored["default"]
    _write_profiles({"default": default, "profiles": left})
    credentials_file(name).unlink(missing_ok=True)


class ProfileStore:
    """A profile's credentials for a client: shared with other processes, written back when they change."""

    def __init__(self, profile: Profile) -> None:
        self._name = profile.name
        self._held = profile.credentials
        # What is from the environment or from elsewhere is not the profile's: neither read it anew nor write it.
        self._on_disk = not os.environ.get("TIKETI_TOKEN") and is_at_home(profile)
        self._seen = self._stamp()
        self._lock: IO[bytes] | None = None

    def load(self) -> Credentials:
        if self._on_disk and (stamp := self._stamp()) != self._seen:
            self._held = _read_credentials(self._name)
            self._seen = stamp
        return self._held

    def save(self, credentials: Credentials) -> None:
        self._held = credentials
        if self._on_disk:
            _write_credentials(self._name, credentials)
            self._seen = self._stamp()

    def try_lock(self) -> bool:
        if not self._on_disk or fcntl is None:
            return True
        self._lock = _try_lock(self._name)
        return self._lock is not None

    def unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            status = credentials_file(self._name).stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size


def _try_lock(name: str) -> IO[bytes] | None:
    """The lock of a profile's tokens, given back by closing it; None while another has it."""
    path = credentials_file(name).with_suffix(".lock")
    _private_folder(path.parent)
    lock = path.open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


@contextlib.contextmanager
def _locked(name: str) -> Iterator[None]:
    """Nobody else changes a profile's tokens until the block ends, or `LOCK_WAIT_S_MAX` was not enough."""
    deadline_s = time.monotonic() + LOCK_WAIT_S_MAX
    lock = None
    while lock is None and time.monotonic() < deadline_s and fcntl is not None:
        lock = _try_lock(name)
        time.sleep(0.0 if lock else _LOCK_POLL_S)
    try:
        yield
    finally:
        if lock is not None:
            lock.close()


def _read_profiles() -> dict[str, Any]:
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


def _write_profiles(stored: Mapping[str, Any]) -> None:
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


def _read_credentials(name: str) -> Credentials:
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


def _write_credentials(name: str, credentials: Credentials) -> None:
    expires_at = credentials.expires_at
    stored = {
        "token": credentials.token,
        "refresh_token": credentials.refresh_token,
        "refresh_key": credentials.refresh_key,
        "expires_at": None if expires_at is None else expires_at.isoformat(),
        "entry_tokens": {str(key): token for key, token in credentials.entry_tokens.items()},
    }
    _write_atomically(credentials_file(name), json.dumps(stored, indent=2) + "\n")


def _private_folder(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def _write_atomically(path: Path, text: str) -> None:
    """Readers see the old file or the new one, never half; only the owner may read it."""
    _private_folder(path.parent)
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
