"""Logging in with Google: where to send the browser, and what to do with what it brings back."""

from typing import Annotated

from tiketi_sdk.contract.auth import Device, GivenPassword, Session
from tiketi_sdk.contract.fields import Instant, OpaqueToken, WebAddress
from tiketi_sdk.contract.forms import shaped
from tiketi_sdk.contract.operation import Operation, Request, Wire

Challenge = Annotated[str, shaped(r"^[A-Za-z0-9_-]{43}$", "should be a SHA-256 in BASE64URL")]
"""BASE64URL(SHA256(verifier)), RFC 7636."""
Verifier = Annotated[
    str, shaped(r"^[A-Za-z0-9._~-]{43,128}$", "should be a verifier as RFC 7636 makes it")
]


class GoogleAuthorizeRequest(Request):
    """Where Google shall send the browser back to, and the PKCE challenge of whoever waits there."""

    redirect_uri: WebAddress | None = None
    """The platform's own unless given; Google knows which ones it may be."""
    code_challenge: Challenge | None = None
    """Without it the platform makes the verifier and answers it."""


class GoogleAuthorization(Wire):
    """Send the browser to `url`, keep the rest, and compare `state` with what comes back."""

    url: str
    state: str
    redirect_uri: str
    code_verifier: str | None = None
    """Where no challenge was given: what to send along with the code."""
    expires_at: Instant
    """Until when the code must have been traded."""


class GoogleRequest(Request):
    """What Google's redirect carried, and the verifier that proves who began."""

    code: OpaqueToken
    state: OpaqueToken | None = None
    """As `auth.google_authorize` gave it. Without it there is no nonce, and the verifier alone binds the code."""
    redirect_uri: WebAddress | None = None
    code_verifier: Verifier | None = None
    device: Device | None = None


class GoogleLinkRequest(Request):
    """The `link_token` of `google_link_required`, and the password of the account it names."""

    link_token: OpaqueToken
    password: GivenPassword
    device: Device | None = None


GOOGLE_AUTHORIZE = Operation(
    name="auth.google_authorize", method="GET", path="/api/auth/google/authorize", request=GoogleAuthorizeRequest,
    response=GoogleAuthorization, access="public", errors=("google_unavailable",),
    summary="Where to send the browser to log in with Google.",
)  # fmt: skip
GOOGLE = Operation(
    name="auth.google", method="POST", path="/api/auth/google", request=GoogleRequest, response=Session,
    access="public",
    errors=(
        "google_refused", "google_unavailable", "google_email_unverified", "google_link_required",
        "account_disabled",
    ),
    summary="Log in by the code that Google's redirect carried.",
)  # fmt: skip
GOOGLE_LINK = Operation(
    name="auth.google_link", method="POST", path="/api/auth/google/link", request=GoogleLinkRequest,
    response=Session, access="public",
    errors=("bad_credentials", "token_invalid", "token_expired", "account_disabled"),
    summary="Let Google log in to an account that has a password, after giving that password once.",
)  # fmt: skip
