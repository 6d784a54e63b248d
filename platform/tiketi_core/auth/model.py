"""Accounts, sessions and the limits on guessing, as values; nothing here knows a password in the clear."""

from dataclasses import dataclass, field
from typing import Final, Literal

from tiketi_core.kernel import bounds
from tiketi_core.kernel.ids import UserId

Role = Literal["user", "admin"]
Provider = Literal["LOCAL", "GOOGLE"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person's account, as everybody may see it who may see it at all."""

    id: UserId
    email: str
    """As it was registered; no two accounts have one that differs only in case."""
    name: str
    phone: str | None
    role: Role
    provider: Provider
    profile_image: str | None
    created_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """What an account is opened with."""

    email: str
    password_hash: str
    name: str
    phone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An account together with the hash its password is checked against."""

    account: Account
    password_hash: str | None
    """None where the account has no password: nobody can log in to it by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at logging in, by the names its failures are counted under."""

    account_key: str
    address_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """So many failures within a window that begins with the first of them."""

    failures_max: int
    window_s: int


PER_ACCOUNT: Final = Limit(failures_max=10, window_s=15 * 60)
PER_ADDRESS: Final = Limit(failures_max=200, window_s=5 * 60)
"""Much wider than the limit per account: a school or an office may share one address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How long tokens live and how often one may guess."""

    access_ttl_s: int = bounds.access_ttl_s
    refresh_ttl_s: int = bounds.refresh_ttl_s
    service_token_ttl_s: int = bounds.service_token_ttl_s
    per_account: Limit = field(default=PER_ACCOUNT)
    per_address: Limit = field(default=PER_ADDRESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A signed token and when it ends."""

    token: str
    expires_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What logging in gives."""

    account: Account
    access: AccessToken
    refresh_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """A sandbox user with a token."""

    user_id: UserId
    email: str
    access: AccessToken
