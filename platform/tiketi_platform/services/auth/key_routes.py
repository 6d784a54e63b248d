"""The signing keys: from the wire to the key ring and back."""

from tiketi_platform.framework.call import Call
from tiketi_platform.framework.moments import to_instant
from tiketi_platform.framework.routing import bind
from tiketi_platform.services.auth.service import AuthService
from tiketi_sdk.contract import auth_keys as contract
from tiketi_sdk.contract.operation import Nothing


async def signing_keys(service: AuthService, _call: Call[Nothing]) -> contract.SigningKeys:
    await service.keys.refresh()
    return _keys(service)


async def rotate(
    service: AuthService, call: Call[contract.RotateKeysRequest]
) -> contract.SigningKeys:
    await service.keys.rotate(ahead_s=call.body.publish_ahead_s)
    return _keys(service)


def _keys(service: AuthService) -> contract.SigningKeys:
    return contract.SigningKeys(
        items=tuple(
            contract.SigningKey(
                kid=row.kid,
                state=row.state,
                created_at=to_instant(row.created_at_ms),
                signs_from=to_instant(row.signs_from_ms),
                retires_at=None if row.retires_at_ms is None else to_instant(row.retires_at_ms),
            )
            for row in service.keys.rows
        )
    )


ROUTES = (
    bind(contract.SIGNING_KEYS, signing_keys),
    bind(contract.ROTATE_KEYS, rotate),
)
