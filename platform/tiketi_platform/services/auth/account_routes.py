"""Sessions, passwords and the administration of accounts: from the wire to the core and back."""

from tiketi_core.auth.model import Origin, UserFilter
from tiketi_core.kernel import bounds
from tiketi_core.kernel.ids import SessionId, UserId
from tiketi_platform.framework.call import Call
from tiketi_platform.framework.cursors import from_cursor, to_cursor
from tiketi_platform.framework.routing import bind
from tiketi_platform.services.auth.service import AuthService
from tiketi_platform.services.auth.translate import (
    to_open_session,
    to_revocations,
    to_session,
    to_user,
)
from tiketi_sdk.contract import auth_accounts as contract
from tiketi_sdk.contract.auth import LoggedOut, Session, User
from tiketi_sdk.contract.fields import Page
from tiketi_sdk.contract.operation import Nothing

USERS_LISTING = "users"


async def sessions(service: AuthService, call: Call[Nothing]) -> contract.OpenSessions:
    found = await service.identity.sessions(call.user_id)
    current_id = call.caller.session_id
    return contract.OpenSessions(
        items=tuple(to_open_session(session, current_id=current_id) for session in found)
    )


async def end_session(service: AuthService, call: Call[contract.SessionRequest]) -> LoggedOut:
    await service.identity.end_own_session(call.user_id, SessionId(call.body.session_id))
    return LoggedOut()


async def logout_everywhere(service: AuthService, call: Call[Nothing]) -> LoggedOut:
    await service.identity.logout_everywhere(call.user_id)
    return LoggedOut()


async def change_password(
    service: AuthService, call: Call[contract.ChangePasswordRequest]
) -> Session:
    body = call.body
    return to_session(
        await service.passwords.change(
            call.user_id,
            current=body.current_password,
            new=body.new_password,
            origin=Origin(address=call.address, device=body.device or ""),
        )
    )


async def forgot_password(
    service: AuthService, call: Call[contract.ForgotPasswordRequest]
) -> contract.ResetSent:
    await service.passwords.forgotten(
        call.body.email, address=call.address, request_id=call.request_id
    )
    return contract.ResetSent()


async def reset_password(
    service: AuthService, call: Call[contract.ResetPasswordRequest]
) -> contract.PasswordChanged:
    await service.passwords.reset(call.body.token, call.body.new_password)
    return contract.PasswordChanged()


async def users(service: AuthService, call: Call[contract.UsersRequest]) -> Page[User]:
    body = call.body
    before = None if body.cursor is None else UserId(from_cursor(USERS_LISTING, body.cursor))
    wanted = UserFilter(q=body.q, role=body.role, provider=body.provider, disabled=body.disabled)
    found = await service.administration.users(wanted, before=before, limit=body.limit + 1)
    page = found[: body.limit]
    return Page[User](
        items=tuple(to_user(account) for account in page),
        next_cursor=to_cursor(USERS_LISTING, page[-1].id) if len(found) > body.limit else None,
    )


async def user(service: AuthService, call: Call[contract.UserRequest]) -> User:
    return to_user(await service.administration.user(UserId(call.body.user_id)))


async def update_user(service: AuthService, call: Call[contract.UpdateUserRequest]) -> User:
    body = call.body
    account = await service.administration.update(
        UserId(body.user_id), role=body.role, disabled=body.disabled
    )
    service.verifications.forget(account.id)
    return to_user(account)


async def end_user_sessions(service: AuthService, call: Call[contract.UserRequest]) -> LoggedOut:
    await service.administration.end_sessions(UserId(call.body.user_id))
    return LoggedOut()


async def revocations(
    service: AuthService, call: Call[contract.RevocationsRequest]
) -> contract.Revocations:
    page = await service.revocations.page(call.body.cursor, limit=bounds.revocation_page_max)
    return to_revocations(page)


ROUTES = (
    bind(contract.SESSIONS, sessions),
    bind(contract.END_SESSION, end_session),
    bind(contract.LOGOUT_EVERYWHERE, logout_everywhere),
    bind(contract.CHANGE_PASSWORD, change_password),
    bind(contract.FORGOT_PASSWORD, forgot_password),
    bind(contract.RESET_PASSWORD, reset_password),
    bind(contract.USERS, users),
    bind(contract.USER, user),
    bind(contract.UPDATE_USER, update_user),
    bind(contract.END_USER_SESSIONS, end_user_sessions),
    bind(contract.REVOCATIONS, revocations),
)
