"""What a ticket's QR code says: a JWT of the reservation service's own key; whether it is used is not in it."""

from typing import Any, Final

import jwt

from tiketi_core.kernel import bounds
from tiketi_core.kernel.ids import TicketId
from tiketi_core.reservation.errors import TicketInvalidError
from tiketi_core.reservation.model import Ticket
from tiketi_platform.adapters.tokens.signer import Signer
from tiketi_platform.framework.access import ISSUER
from tiketi_platform.framework.signed import ALGORITHM

AUDIENCE: Final = "tiketi:ticket"
GOOD_FOR_S: Final = 10 * 365 * 24 * 3600
"""A ticket ends by being used or cancelled, which the database knows; this only satisfies the format."""
REMEMBERED_MAX: Final = 20_000


class SignedTickets:
    """The `TicketSeal` port. The same ticket always gives the same text."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._key = signer.private_key.public_key()
        self._sealed: dict[str, str] = {}

    def seal(self, ticket: Ticket) -> str:
        sealed = self._sealed.get(ticket.code)
        if sealed is None:
            issued_at_s = ticket.created_at_ms // 1000
            sealed = self._signer.sign(
                {"sub": str(ticket.id), "code": ticket.code},
                audience=AUDIENCE,
                issued_at_s=issued_at_s,
                expires_at_s=issued_at_s + GOOD_FOR_S,
            )
            while len(self._sealed) >= REMEMBERED_MAX:
                del self._sealed[next(iter(self._sealed))]
            self._sealed[ticket.code] = sealed
        return sealed

    def open(self, qr: str) -> tuple[TicketId, str]:
        if len(qr) > bounds.token_bytes_max:
            raise TicketInvalidError
        try:
            claims: dict[str, Any] = jwt.decode(
                qr,
                self._key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": ["sub", "code"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError as error:
            raise TicketInvalidError from error
        return TicketId(int(claims["sub"])), claims["code"]
