"""Where the platform is and how patient to be with it; settings only, nothing is opened or read here."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol, Self
from urllib.parse import SplitResult, urlsplit

from tiketi_sdk.contract.services import SERVICES
from tiketi_sdk.errors import ConfigError
from tiketi_sdk.retries import RetryPolicy

URL_DEFAULT = "http://127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Who is calling: what login gave, and the entry tokens of the waiting rooms passed since."""

    token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    """Good for one use; without it an expired token stays expired."""
    refresh_key: str | None = field(default=None, repr=False)
    """The idempotency key that `refresh_token` was sent under; None where it was not sent yet. Whoever sends it
    again must do so under this key: if the answer got lost it comes once more, under another the session ends."""
    expires_at: datetime | None = None
    """When `token` ends; None where that is not known."""
    entry_tokens: Mapping[int, str] = field(default_factory=dict, repr=False)
    """By event id."""


class CredentialStore(Protocol):
    """Where a client keeps its credentials: in memory, in a profile, or in a vault of your own.

    The methods are called between awaits and must not block for long. The lock is held while a refresh
    token is used, because using one twice ends the session; it need not exclude the same thread.
    """

    def load(self) -> Credentials:
        """The credentials to use for the next request."""
        ...

    def save(self, credentials: Credentials) -> None:
        """Keep what a login, a refresh or an admission changed."""
        ...

    def try_lock(self) -> bool:
        """Take the lock if it is free, or say at once that it is not."""
        ...

    def unlock(self) -> None:
        """Give the lock back."""
        ...


class MemoryStore:
    """Credentials that last as long as the process."""

    __slots__ = ("_credentials",)

    def __init__(self, credentials: Credentials | None = None) -> None:
        self._credentials = credentials or Credentials()

    def load(self) -> Credentials:
        return self._credentials

    def save(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def try_lock(self) -> bool:
        return True

    def unlock(self) -> None:
        return


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long to wait; each bounds one step of one attempt."""

    connect_s: float = 5.0
    request_s: float = 30.0
    """For the answer, once connected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many connections a client may hold open."""

    connections_max: int = 100
    keepalive_max: int = 20
    keepalive_s: float = 30.0


@cache
def default_user_agent() -> str:
    """`tiketi-sdk/<version> python/<version>`."""
    try:
        ours = version("tiketi")
    except PackageNotFoundError:  # run from a source tree that was never installed
        ours = "0"
    return f"tiketi-sdk/{ours} python/{sys.version_info.major}.{sys.version_info.minor}"


def _split(url: str) -> SplitResult:
    if not url.isprintable() or " " in url:
        raise ConfigError(f"not a URL: {url!r} (a space or an invisible character is in it)")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ConfigError(f"not a URL: {url!r} ({error})") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(f"not an http or https URL: {url!r}")
    if parts.query or parts.fragment:
        raise ConfigError(f"a base URL has no query and no fragment: {url!r}")
    return parts


def service_urls(
    base_url: str = URL_DEFAULT, overrides: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The address of each of the six services, without a slash at the end.

    A plain `http` base URL without a port means the platform on that machine, each service on its own
    port. Any other base URL is one gateway in front of all six. `overrides` wins, by service name.
    """
    overrides = overrides or {}
    unknown = overrides.keys() - SERVICES.keys()
    if unknown:
        raise ConfigError(f"no such service: {', '.join(sorted(unknown))}")
    parts = _split(base_url)
    own_ports = parts.scheme == "http" and parts.port is None
    urls = {}
    for name, service in SERVICES.items():
        here = overrides.get(name)
        if here is not None:
            _split(here)
        elif own_ports:
            here = parts._replace(netloc=f"{parts.netloc}:{service.port}").geturl()
        urls[name] = (here or base_url).rstrip("/")
    return urls


def environment_urls(environ: Mapping[str, str] | None = None) -> dict[str, str] | None:
    """Addresses from `TIKETI_URL` and `TIKETI_URL_<SERVICE>`; None where none is set."""
    environ = os.environ if environ is None else environ
    base_url = environ.get("TIKETI_URL")
    overrides = {
        name: environ[f"TIKETI_URL_{name.upper()}"]
        for name in SERVICES
        if environ.get(f"TIKETI_URL_{name.upper()}")
    }
    if not base_url and not overrides:
        return None
    return service_urls(base_url or URL_DEFAULT, overrides)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings of a client."""

    urls: Mapping[str, str] = field(default_factory=service_urls)
    """By service name; see `service_urls`."""
    timeouts: Timeouts = Timeouts()
    limits: Limits = Limits()
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    refresh_before_s: float = 30.0
    """A token that ends within this time is refreshed before it is used."""
    user_agent: str = field(default_factory=default_user_agent)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Settings as `TIKETI_URL` and `TIKETI_URL_<SERVICE>` say, defaults for the rest."""
        urls = environment_urls(environ)
        return cls() if urls is None else cls(urls=urls)

    def url_of(self, service: str) -> str:
        """The base URL of a service."""
        try:
            return self.urls[service]
        except KeyError:
            raise ConfigError(f"no such service: {service}") from None
