"""Accounts, sessions and the limits on guessing, as values; nothing here knows a password in the clear."""

from dataclasses import dataclass, field
from typing import Final, Literal

from tiketi_core.kernel import bounds
from tiketi_core.kernel.ids import SessionId, UserId

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
    token_version: int = 0
    """Access tokens with a lower one are over."""
    disabled_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a login comes from, for the list of sessions."""

    address: str
    """As the socket says, or a proxy that is trusted."""
    device: str = ""
    """What the program calls itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session the store has begun or renewed."""

    account: Account
    session_id: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """One place where a user is logged in."""

    id: SessionId
    device: str
    address: str
    created_at_ms: int
    last_used_at_ms: int
    expires_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an account changes about itself; None stays, an empty picture is taken away."""

    name: str | None = None
    phone: str | None = None
    profile_image: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFilter:
    """Which accounts to list; None is any."""

    q: str | None = None
    role: Role | None = None
    provider: Provider | None = None
    disabled: bool | None = None


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
    """So many failures for nothing; each one more doubles the wait, from 1 s up."""

    free_count: int
    delay_s_max: int
    kept_s: int
    """So long after the last failure all of them are forgotten."""


PER_ACCOUNT: Final = Limit(free_count=5, delay_s_max=15 * 60, kept_s=60 * 60)
PER_ADDRESS: Final = Limit(free_count=100, delay_s_max=5 * 60, kept_s=15 * 60)
"""Much wider than the limit per account: a school or an office may share one address."""
MAILS_PER_ACCOUNT: Final = Limit(free_count=2, delay_s_max=15 * 60, kept_s=60 * 60)
"""Mails that may be asked for by anybody who knows an address."""
MAILS_PER_ADDRESS: Final = Limit(free_count=20, delay_s_max=15 * 60, kept_s=60 * 60)
SIGNUPS_PER_ADDRESS: Final = Limit(free_count=100, delay_s_max=10, kept_s=10 * 60)
"""Each costs a hash and may mail a stranger. The wait stays short: a mobile carrier's customers share addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How long tokens live and how often one may guess."""

    access_ttl_s: int = bounds.access_ttl_s
    refresh_ttl_s: int = bounds.refresh_ttl_s
    service_token_ttl_s: int = bounds.service_token_ttl_s
    reset_ttl_s: int = bounds.reset_ttl_s
    google_ttl_s: int = bounds.google_ttl_s
    per_account: Limit = field(default=PER_ACCOUNT)
    per_address: Limit = field(default=PER_ADDRESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A signed token and when it ends."""

    token: str
    expires_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleIdentity:
    """Who somebody is, as Google's signature vouches for."""

    subject: str
    """Google's own number of the account; it never changes hands."""
    email: str
    email_verified: bool
    name: str
    picture: str | None
    nonce: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleState:
    """What was asked of Google, as it travels through the browser, signed."""

    nonce: str
    redirect_uri: str
    challenge: str
    """BASE64URL(SHA256(verifier)), RFC 7636."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOffer:
    """A Google account that may log in once the password of the account with its e-mail was given."""

    subject: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleAuthorization:
    """Where to send the browser, and what to keep meanwhile."""

    url: str
    state: str
    redirect_uri: str
    code_verifier: str | None
    expires_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What logging in gives."""

    id: SessionId
    account: Account
    access: AccessToken
    refresh_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """A sandbox user with a token."""

    user_id: UserId
    email: str
    access: AccessToken
