"""The auth service's operations: who you are, and the tokens that say so to everybody else."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from tiketi_sdk.contract.fields import (
    LINE,
    Email,
    Id,
    Instant,
    Name,
    NewPhone,
    NewPortrait,
    OpaqueToken,
    Password,
    Phone,
)
from tiketi_sdk.contract.forms import shaped
from tiketi_sdk.contract.operation import Nothing, Operation, Request, Wire

Role = Literal["user", "admin"]
Provider = Literal["LOCAL", "GOOGLE"]
ServiceName = Literal["auth", "event", "queue", "reservation", "payment", "notification"]
PROVISION_COUNT_MAX = 1_000
GivenPassword = Annotated[str, StringConstraints(min_length=1, max_length=128)]
"""A password to be checked: however short, it is only right or wrong."""
Device = Annotated[str, shaped(*LINE, min_length=1, max_length=100)]
"""What the list of sessions calls the program or device that logs in."""


class User(Wire):
    """A person with an account."""

    id: int
    email: str
    name: str
    role: Role
    provider: Provider
    phone: str | None = None
    profile_image: str | None = None
    created_at: Instant
    disabled_at: Instant | None = None
    """Since when an administrator keeps this account from logging in; None while it may."""


class Session(Wire):
    """What logging in gives: an access token for every service and a refresh token for auth alone."""

    token: str
    refresh_token: str
    """Good for one use; the answer to that use holds the next one."""
    expires_at: Instant
    """When `token` ends."""
    user: User


class RegisterRequest(Request):
    """A new account."""

    email: Email
    password: Password
    name: Name
    phone: Phone | None = None
    device: Device | None = None


class LoginRequest(Request):
    """E-mail and password."""

    email: Email
    password: GivenPassword
    device: Device | None = None


class RefreshRequest(Request):
    """The refresh token of the session to go on with, or to end."""

    refresh_token: OpaqueToken


class LoggedOut(Wire):
    """The session has ended, whether or not it was still open."""

    logged_out: bool = True


class Verification(Wire):
    """Whom the presented token stands for."""

    valid: bool
    user: User
    expires_at: Instant


class UpdateMeRequest(Request):
    """What one may change about oneself; fields left out stay as they are."""

    name: Name | None = None
    phone: NewPhone | None = None
    """The empty string takes the number away."""
    profile_image: NewPortrait | None = None
    """The address of a picture, as `images.upload_portrait` answers or from elsewhere; the empty string takes it away."""


class Jwk(Wire):
    """One public Ed25519 key (RFC 8037)."""

    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    alg: Literal["EdDSA"] = "EdDSA"
    use: Literal["sig"] = "sig"
    kid: str
    """The RFC 7638 thumbprint of the key."""
    x: str


class Jwks(Wire):
    """The public keys whose signatures are good now."""

    keys: tuple[Jwk, ...]


class ServiceTokenRequest(Request):
    """A service proves itself by the secret it was deployed with."""

    service: ServiceName
    secret: OpaqueToken


class ServiceToken(Wire):
    """An access token with role `service`."""

    token: str
    expires_at: Instant


class Contact(Wire):
    """How to reach a user."""

    user_id: int
    email: str
    name: str
    phone: str | None = None


class ContactsRequest(Request):
    """Whose contacts."""

    user_ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=1_000)]


class Contacts(Wire):
    """Contacts of those users that exist, in no particular order."""

    items: tuple[Contact, ...]


class ProvisionRequest(Request):
    """`count` sandbox users named `{prefix}-{number}`; asking again gives the same users new tokens."""

    prefix: Annotated[
        str, shaped(r"^[a-z0-9][a-z0-9-]{0,39}$", "should be 1 to 40 of a–z, 0–9 and -")
    ]
    first_number: Annotated[int, Field(ge=1, le=10_000_000)] = 1
    count: Annotated[int, Field(ge=1, le=PROVISION_COUNT_MAX)]


class ProvisionedUser(Wire):
    """A user ready to act; there is no password, only this token."""

    user_id: int
    email: str
    token: str


class ProvisionedUsers(Wire):
    """The users asked for, in the order of their numbers."""

    items: tuple[ProvisionedUser, ...]
    expires_at: Instant


REGISTER = Operation(
    name="auth.register", method="POST", path="/api/auth/register", request=RegisterRequest, response=Session,
    access="public", status=201, errors=("email_taken",), summary="Open an account and log in.",
)  # fmt: skip
LOGIN = Operation(
    name="auth.login", method="POST", path="/api/auth/login", request=LoginRequest, response=Session,
    access="public", errors=("bad_credentials", "account_disabled"), summary="Log in by e-mail and password.",
)  # fmt: skip
REFRESH = Operation(
    name="auth.refresh", method="POST", path="/api/auth/refresh", request=RefreshRequest, response=Session,
    access="public", errors=("token_invalid", "token_expired", "refresh_token_reused"), idempotency="optional",
    summary="Trade a refresh token for a new session; using a spent one ends the whole family, unless it is within "
            "ten minutes, under the same Idempotency-Key of 32 characters or more, and the new one is still unused.",
)  # fmt: skip
LOGOUT = Operation(
    name="auth.logout", method="POST", path="/api/auth/logout", request=RefreshRequest, response=LoggedOut,
    access="public", same_twice=True, summary="End the session of a refresh token.",
)  # fmt: skip
VERIFY = Operation(
    name="auth.verify", method="GET", path="/api/auth/verify", request=Nothing, response=Verification,
    summary="Say whom the presented token stands for.",
)  # fmt: skip
ME = Operation(
    name="auth.me", method="GET", path="/api/auth/me", request=Nothing, response=User,
    summary="Your own account.",
)  # fmt: skip
UPDATE_ME = Operation(
    name="auth.update_me", method="PATCH", path="/api/auth/me", request=UpdateMeRequest, response=User,
    same_twice=True, summary="Change your name, phone number or picture.",
)  # fmt: skip
JWKS = Operation(
    name="auth.jwks", method="GET", path="/.well-known/jwks.json", request=Nothing, response=Jwks,
    access="public", summary="The public keys that access tokens are verified with.",
)  # fmt: skip
SERVICE_TOKEN = Operation(
    name="auth.service_token", method="POST", path="/api/auth/service-token", request=ServiceTokenRequest,
    response=ServiceToken, access="public", errors=("bad_credentials",),
    same_twice=True, summary="Trade a service's secret for a token that other services accept.",
)  # fmt: skip
CONTACTS = Operation(
    name="auth.contacts", method="POST", path="/api/auth/contacts", request=ContactsRequest, response=Contacts,
    access="service", same_twice=True, summary="How to reach users, for the services that write to them.",
)  # fmt: skip
PROVISION = Operation(
    name="auth.provision", method="POST", path="/api/auth/sandbox/users", request=ProvisionRequest,
    response=ProvisionedUsers, access="admin", sandbox_only=True,
    same_twice=True, summary="Make many users with tokens at once, for load tests.",
)  # fmt: skip
