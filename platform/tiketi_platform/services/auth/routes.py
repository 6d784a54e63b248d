"""The auth service's operations: from the wire to the core and back, nothing else."""

from tiketi_core.auth.model import Change, Origin
from tiketi_core.kernel.ids import UserId
from tiketi_platform.framework.call import Call, Reply
from tiketi_platform.framework.moments import to_instant
from tiketi_platform.framework.routing import bind
from tiketi_platform.services.auth import account_routes, google_routes, key_routes
from tiketi_platform.services.auth.service import AuthService
from tiketi_platform.services.auth.translate import (
    to_contact,
    to_provisioned,
    to_session,
    to_user,
)
from tiketi_sdk.contract import auth
from tiketi_sdk.contract.operation import Nothing

JWKS_MAX_AGE_S = 60


async def register(service: AuthService, call: Call[auth.RegisterRequest]) -> auth.Session:
    body = call.body
    return to_session(
        await service.identity.register(
            email=body.email,
            password=body.password,
            name=body.name,
            phone=body.phone,
            origin=Origin(address=call.address, device=body.device or ""),
            request_id=call.request_id,
        )
    )


async def login(service: AuthService, call: Call[auth.LoginRequest]) -> auth.Session:
    return to_session(
        await service.identity.login(
            email=call.body.email,
            password=call.body.password,
            origin=Origin(address=call.address, device=call.body.device or ""),
        )
    )


async def refresh(service: AuthService, call: Call[auth.RefreshRequest]) -> auth.Session:
    session = await service.identity.refresh(
        call.body.refresh_token, address=call.address, key=call.idempotency_key
    )
    return to_session(session)


async def logout(service: AuthService, call: Call[auth.RefreshRequest]) -> auth.LoggedOut:
    await service.identity.logout(call.body.refresh_token)
    return auth.LoggedOut()


async def verify(service: AuthService, call: Call[Nothing]) -> Reply:
    return Reply(await service.verifications.answer(call.caller))


async def me(service: AuthService, call: Call[Nothing]) -> auth.User:
    return to_user(await service.identity.account(call.user_id))


async def update_me(service: AuthService, call: Call[auth.UpdateMeRequest]) -> auth.User:
    body = call.body
    change = Change(name=body.name, phone=body.phone, profile_image=body.profile_image)
    account = await service.identity.update(call.user_id, change)
    service.verifications.forget(account.id)
    return to_user(account)


async def jwks(service: AuthService, _call: Call[Nothing]) -> Reply:
    return Reply(service.keys.jwks, headers={"Cache-Control": f"public, max-age={JWKS_MAX_AGE_S}"})


async def service_token(
    service: AuthService, call: Call[auth.ServiceTokenRequest]
) -> auth.ServiceToken:
    access = service.identity.service_token(call.body.service, call.body.secret)
    return auth.ServiceToken(token=access.token, expires_at=to_instant(access.expires_at_ms))


async def contacts(service: AuthService, call: Call[auth.ContactsRequest]) -> auth.Contacts:
    found = await service.identity.contacts([UserId(each) for each in call.body.user_ids])
    return auth.Contacts(items=tuple(to_contact(account) for account in found))


async def provision(
    service: AuthService, call: Call[auth.ProvisionRequest]
) -> auth.ProvisionedUsers:
    body = call.body
    users = await service.identity.provision(
        body.prefix, first_number=body.first_number, count=body.count
    )
    return auth.ProvisionedUsers(
        items=tuple(to_provisioned(user) for user in users),
        # Signed one after the other: the first to end speaks for all.
        expires_at=to_instant(users[0].access.expires_at_ms),
    )


ROUTES = (
    bind(auth.REGISTER, register),
    bind(auth.LOGIN, login),
    bind(auth.REFRESH, refresh),
    bind(auth.LOGOUT, logout),
    bind(auth.VERIFY, verify),
    bind(auth.ME, me),
    bind(auth.UPDATE_ME, update_me),
    bind(auth.JWKS, jwks),
    bind(auth.SERVICE_TOKEN, service_token),
    bind(auth.CONTACTS, contacts),
    bind(auth.PROVISION, provision),
    *account_routes.ROUTES,
    *google_routes.ROUTES,
    *key_routes.ROUTES,
)
