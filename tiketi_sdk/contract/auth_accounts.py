"""Sessions, passwords and the administration of accounts: the operations beside logging in and out."""

from typing import Annotated

from pydantic import Field

from tiketi_sdk.contract.auth import Device, GivenPassword, LoggedOut, Provider, Role, Session, User
from tiketi_sdk.contract.fields import (
    Cursor,
    Email,
    Id,
    Instant,
    Limit,
    OpaqueToken,
    Page,
    Password,
    Query,
)
from tiketi_sdk.contract.operation import Nothing, Operation, Request, Wire

SESSIONS_MAX = 100
"""Sessions in one listing: the ones used last."""


class OpenSession(Wire):
    """One place where a user is logged in."""

    id: int
    device: str
    """What the program called itself; empty where it said nothing."""
    address: str
    """Where it was used last, as the socket said."""
    created_at: Instant
    last_used_at: Instant
    """When it was opened or last renewed."""
    expires_at: Instant
    is_current: bool
    """Whether the token of this request belongs to it."""


class OpenSessions(Wire):
    """The sessions that are open, the one used last first."""

    items: tuple[OpenSession, ...]


class SessionRequest(Request):
    """One of one's own sessions."""

    session_id: Id


class ChangePasswordRequest(Request):
    """The password there is, and the one there shall be."""

    current_password: GivenPassword
    new_password: Password
    device: Device | None = None


class ForgotPasswordRequest(Request):
    """Whose password is forgotten."""

    email: Email


class ResetSent(Wire):
    """If there is such an account, a mail is on its way; the answer is the same if there is none."""

    sent: bool = True


class ResetPasswordRequest(Request):
    """The token of the mail, good once and for half an hour."""

    token: OpaqueToken
    new_password: Password


class PasswordChanged(Wire):
    """The password is changed and every session has ended; log in with the new one."""

    changed: bool = True


class UsersRequest(Request):
    """Which accounts to list, newest first."""

    q: Query | None = None
    """Part of the e-mail or name, in any case."""
    role: Role | None = None
    provider: Provider | None = None
    disabled: bool | None = None
    cursor: Cursor | None = None
    limit: Limit = 20


class UserRequest(Request):
    """One account."""

    user_id: Id


class UpdateUserRequest(Request):
    """What an administrator may change about an account; fields left out stay as they are."""

    user_id: Id
    role: Role | None = None
    disabled: bool | None = None


class RevocationsRequest(Request):
    """Where the last page ended; without it everything that still matters."""

    cursor: Cursor | None = None


class RevokedUser(Wire):
    """Access tokens of this user with a lower `ver` are over."""

    user_id: int
    version: int


class Revocations(Wire):
    """Access tokens that ended before their time. The same line may come twice; order means nothing."""

    users: tuple[RevokedUser, ...]
    sessions: tuple[int, ...]
    """Access tokens with this `sid` are over."""
    cursor: str
    more: Annotated[bool, Field(description="Whether to ask again at once.")]


SESSIONS = Operation(
    name="auth.sessions", method="GET", path="/api/auth/sessions", request=Nothing, response=OpenSessions,
    summary="List where you are logged in.",
)  # fmt: skip
END_SESSION = Operation(
    name="auth.end_session", method="DELETE", path="/api/auth/sessions/{session_id}", request=SessionRequest,
    response=LoggedOut, errors=("session_not_found",),
    summary="End one of your sessions; its tokens stop working everywhere within seconds.",
)  # fmt: skip
LOGOUT_EVERYWHERE = Operation(
    name="auth.logout_everywhere", method="POST", path="/api/auth/logout-everywhere", request=Nothing,
    response=LoggedOut, summary="End all of your sessions, this one too.",
)  # fmt: skip
CHANGE_PASSWORD = Operation(
    name="auth.change_password", method="POST", path="/api/auth/password", request=ChangePasswordRequest,
    response=Session, errors=("bad_credentials",),
    summary="Change your password; every other session ends, and this answer opens a new one.",
)  # fmt: skip
FORGOT_PASSWORD = Operation(
    name="auth.forgot_password", method="POST", path="/api/auth/password/forgot", request=ForgotPasswordRequest,
    response=ResetSent, access="public", status=202, summary="Have a token for a new password sent by e-mail.",
)  # fmt: skip
RESET_PASSWORD = Operation(
    name="auth.reset_password", method="POST", path="/api/auth/password/reset", request=ResetPasswordRequest,
    response=PasswordChanged, access="public", errors=("token_invalid", "token_expired"),
    summary="Set a new password by the token of the mail.",
)  # fmt: skip
USERS = Operation(
    name="auth.users", method="GET", path="/api/auth/users", request=UsersRequest, response=Page[User],
    access="admin", summary="List and search accounts.",
)  # fmt: skip
USER = Operation(
    name="auth.user", method="GET", path="/api/auth/users/{user_id}", request=UserRequest, response=User,
    access="admin", errors=("user_not_found",), summary="One account.",
)  # fmt: skip
UPDATE_USER = Operation(
    name="auth.update_user", method="PATCH", path="/api/auth/users/{user_id}", request=UpdateUserRequest,
    response=User, access="admin", errors=("user_not_found", "last_admin"),
    summary="Change the role of an account, disable it or enable it; its old tokens stop working.",
)  # fmt: skip
END_USER_SESSIONS = Operation(
    name="auth.end_user_sessions", method="DELETE", path="/api/auth/users/{user_id}/sessions", request=UserRequest,
    response=LoggedOut, access="admin", errors=("user_not_found",),
    summary="End all sessions of an account.",
)  # fmt: skip
REVOCATIONS = Operation(
    name="auth.revocations", method="GET", path="/api/auth/revocations", request=RevocationsRequest,
    response=Revocations, access="service",
    summary="Which access tokens ended before their time, for the services that verify them.",
)  # fmt: skip
