"""A profile as a value: a platform and a user of it. It reads and writes nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from tiketi_sdk.config import Credentials, service_urls
from tiketi_sdk.errors import ConfigError

PROFILE_DEFAULT = "local"
"""Exists without a file: the platform on this machine, nobody logged in."""
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
