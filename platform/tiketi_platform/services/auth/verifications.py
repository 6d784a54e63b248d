"""Answers "whom does this token stand for?" without asking the database each time; judges no token itself.

By the time this is asked the token was verified and is not revoked. What is remembered is only how the account
looks, and for a second: a name that another replica changed is never older than that.
"""

from dataclasses import dataclass
from typing import Final

from tiketi_core.auth.use_cases import Identity
from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.ids import UserId
from tiketi_platform.framework.access import Principal
from tiketi_platform.framework.moments import to_instant
from tiketi_platform.framework.routing import encode
from tiketi_platform.services.auth.translate import to_user
from tiketi_sdk.contract.auth import Verification

KEPT_MS: Final = 1_000
REMEMBERED_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Known:
    body: bytes
    expires_at_ms: int
    until_ms: int


class Verifications:
    """The encoded answers of the last second, by user."""

    def __init__(self, identity: Identity, clock: Clock) -> None:
        self._identity = identity
        self._clock = clock
        self._known: dict[UserId, _Known] = {}

    async def answer(self, principal: Principal) -> bytes:
        """A `Verification` as JSON; raises AccountGoneError."""
        user_id, now_ms = principal.user_id, self._clock.now_ms()
        known = self._known.get(user_id)
        if (
            known is not None
            and known.until_ms > now_ms
            and known.expires_at_ms == principal.expires_at_ms
        ):
            return known.body
        account = await self._identity.account(user_id)
        expires_at_ms = principal.expires_at_ms
        body = encode(
            Verification(valid=True, user=to_user(account), expires_at=to_instant(expires_at_ms))
        )
        self._known.pop(user_id, None)
        while len(self._known) >= REMEMBERED_MAX:
            del self._known[next(iter(self._known))]
        self._known[user_id] = _Known(body, expires_at_ms, now_ms + KEPT_MS)
        return body

    def forget(self, user_id: UserId) -> None:
        """The account has changed here."""
        self._known.pop(user_id, None)
