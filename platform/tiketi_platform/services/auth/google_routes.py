"""Logging in with Google: from the wire to the core and back."""

from tiketi_core.auth.model import Origin
from tiketi_platform.framework.call import Call
from tiketi_platform.framework.moments import to_instant
from tiketi_platform.framework.routing import bind
from tiketi_platform.services.auth.service import AuthService
from tiketi_platform.services.auth.translate import to_session
from tiketi_sdk.contract import auth_google as contract
from tiketi_sdk.contract.auth import Session


async def authorize(
    service: AuthService, call: Call[contract.GoogleAuthorizeRequest]
) -> contract.GoogleAuthorization:
    body = call.body
    made = await service.google_login.authorize(
        redirect_uri=body.redirect_uri, challenge=body.code_challenge
    )
    return contract.GoogleAuthorization(
        url=made.url,
        state=made.state,
        redirect_uri=made.redirect_uri,
        code_verifier=made.code_verifier,
        expires_at=to_instant(made.expires_at_ms),
    )


async def enter(service: AuthService, call: Call[contract.GoogleRequest]) -> Session:
    body = call.body
    return to_session(
        await service.google_login.enter(
            body.code,
            state=body.state,
            redirect_uri=body.redirect_uri,
            verifier=body.code_verifier,
            origin=Origin(address=call.address, device=body.device or ""),
            request_id=call.request_id,
        )
    )


async def link(service: AuthService, call: Call[contract.GoogleLinkRequest]) -> Session:
    body = call.body
    return to_session(
        await service.google_login.link(
            body.link_token,
            password=body.password,
            origin=Origin(address=call.address, device=body.device or ""),
        )
    )


ROUTES = (
    bind(contract.GOOGLE_AUTHORIZE, authorize),
    bind(contract.GOOGLE, enter),
    bind(contract.GOOGLE_LINK, link),
)
