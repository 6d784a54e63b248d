"""An auth service without accounts, for benches that need no PostgreSQL: keys, service tokens, nothing revoked."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tiketi_platform.adapters.tokens.signer import Signer
from tiketi_platform.framework.access import ACCESS_AUDIENCE
from tiketi_platform.framework.call import Call
from tiketi_platform.framework.routing import bind
from tiketi_platform.framework.spec import ServiceSpec
from tiketi_sdk.contract import auth, auth_accounts
from tiketi_sdk.contract.operation import Nothing

TOKEN_TTL: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class _Auth:
    signer: Signer


async def _jwks(service: _Auth, _call: Call[Nothing]) -> auth.Jwks:
    return service.signer.jwks


async def _service_token(service: _Auth, call: Call[auth.ServiceTokenRequest]) -> auth.ServiceToken:
    now = datetime.now(UTC)
    token = service.signer.sign(
        {"sub": f"service:{call.body.service}", "role": "service"},
        audience=ACCESS_AUDIENCE,
        issued_at_s=int(now.timestamp()),
        expires_at_s=int((now + TOKEN_TTL).timestamp()),
    )
    return auth.ServiceToken(token=token, expires_at=now + TOKEN_TTL)


async def _revocations(
    _service: _Auth, _call: Call[auth_accounts.RevocationsRequest]
) -> auth_accounts.Revocations:
    return auth_accounts.Revocations(users=(), sessions=(), cursor="0", more=False)


AUTH: Final[ServiceSpec[_Auth, Any]] = ServiceSpec(
    name="auth",
    build=lambda resources: _Auth(Signer.from_file(resources.settings.keys_dir / "auth.pem")),
    routes=(
        bind(auth.JWKS, _jwks),
        bind(auth.SERVICE_TOKEN, _service_token),
        bind(auth_accounts.REVOCATIONS, _revocations),
    ),
)
