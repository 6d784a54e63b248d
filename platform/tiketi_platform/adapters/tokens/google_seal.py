"""Signs what travels through the browser while somebody logs in with Google, with the key of access tokens.

Audiences of their own keep one from passing for the other, or for an access token.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tiketi_core.auth.errors import (
    GoogleRefusedError,
    LinkTokenExpiredError,
    LinkTokenInvalidError,
)
from tiketi_core.auth.model import GoogleState, LinkOffer
from tiketi_core.kernel import bounds
from tiketi_core.kernel.clock import Clock
from tiketi_platform.adapters.tokens.signer import Signer
from tiketi_platform.framework.access import ISSUER
from tiketi_platform.framework.signed import ALGORITHM

STATE_AUDIENCE: Final = "tiketi:google-state"
OFFER_AUDIENCE: Final = "tiketi:google-link"


class SignedGoogleSeal:
    """The `GoogleSeal` port over the keys of this service."""

    def __init__(
        self,
        clock: Clock,
        *,
        signer: Callable[[], Signer],
        public_key: Callable[[str], Ed25519PublicKey | None],
    ) -> None:
        self._clock = clock
        self._signer = signer
        self._public_key = public_key

    def seal_state(self, state: GoogleState, *, ttl_s: int) -> tuple[str, int]:
        claims = {
            "nonce": state.nonce,
            "redirect_uri": state.redirect_uri,
            "challenge": state.challenge,
        }
        return self._seal(claims, STATE_AUDIENCE, ttl_s)

    def open_state(self, text: str) -> GoogleState:
        try:
            claims = self._open(text, STATE_AUDIENCE)
        except jwt.ExpiredSignatureError as error:
            raise GoogleRefusedError("this login took too long; begin again") from error
        except jwt.InvalidTokenError as error:
            raise GoogleRefusedError("this state was not made here") from error
        return GoogleState(
            nonce=claims["nonce"],
            redirect_uri=claims["redirect_uri"],
            challenge=claims["challenge"],
        )

    def seal_offer(self, offer: LinkOffer, *, ttl_s: int) -> str:
        claims = {"google": offer.subject, "email": offer.email}
        return self._seal(claims, OFFER_AUDIENCE, ttl_s)[0]

    def open_offer(self, text: str) -> LinkOffer:
        try:
            claims = self._open(text, OFFER_AUDIENCE)
        except jwt.ExpiredSignatureError as error:
            raise LinkTokenExpiredError from error
        except jwt.InvalidTokenError as error:
            raise LinkTokenInvalidError from error
        return LinkOffer(subject=claims["google"], email=claims["email"])

    def _seal(self, claims: Mapping[str, object], audience: str, ttl_s: int) -> tuple[str, int]:
        now_s = self._clock.now_ms() // 1000
        text = self._signer().sign(
            claims, audience=audience, issued_at_s=now_s, expires_at_s=now_s + ttl_s
        )
        return text, (now_s + ttl_s) * 1000

    def _open(self, text: str, audience: str) -> dict[str, Any]:
        if len(text) > bounds.token_bytes_max:
            raise jwt.InvalidTokenError("too long")
        key = self._public_key(str(jwt.get_unverified_header(text).get("kid")))
        if key is None:
            raise jwt.InvalidTokenError("an unknown key")
        options: Any = {"require": ["exp"], "verify_exp": False, "verify_iat": False}
        claims: dict[str, Any] = jwt.decode(
            text, key, algorithms=[ALGORITHM], audience=audience, issuer=ISSUER, options=options
        )
        # By our own clock, as everywhere.
        if claims["exp"] * 1000 <= self._clock.now_ms():
            raise jwt.ExpiredSignatureError
        return claims
