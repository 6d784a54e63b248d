"""Makes the tokens of the auth service and checks the services' secrets; who may have one is not its business."""

import base64
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Callable
from typing import Final

from tiketi_core.auth.model import AccessToken
from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.ids import SessionId
from tiketi_platform.adapters.tokens.signer import Signer
from tiketi_platform.framework.access import ACCESS_AUDIENCE
from tiketi_platform.framework.settings import Settings

REFRESH_TOKEN_BYTES: Final = 32
_REFRESH_PURPOSE: Final = b"tiketi refresh tokens 1"


class SignedTokens:
    """The `Tokens` port over whatever key signs now; `file_signer`'s is the one every replica has."""

    def __init__(self, signer: Callable[[], Signer], clock: Clock, *, file_signer: Signer) -> None:
        self._signer = signer
        self._clock = clock
        self._refresh_secret = file_signer.secret_for(_REFRESH_PURPOSE)

    def access(
        self,
        *,
        subject: str,
        role: str,
        ttl_s: int,
        version: int = 0,
        session_id: SessionId | None = None,
    ) -> AccessToken:
        """A token for `subject` that ends `ttl_s` seconds from now, to the second below.

        `ver` and `sid` say what ends it before that; they are left out where nothing does.
        """
        now_s = self._clock.now_ms() // 1000
        token = self._signer().sign(
            {
                "sub": subject,
                "role": role,
                "jti": uuid.uuid4().hex,
                **({"ver": version} if version else {}),
                **({"sid": session_id} if session_id is not None else {}),
            },
            audience=ACCESS_AUDIENCE,
            issued_at_s=now_s,
            expires_at_s=now_s + ttl_s,
        )
        return AccessToken(token=token, expires_at_ms=(now_s + ttl_s) * 1000)

    def refresh(self) -> str:
        """256 random bits."""
        return secrets.token_urlsafe(REFRESH_TOKEN_BYTES)

    def refresh_after(self, spent: str, key: str) -> str:
        """256 bits out of both, the same each time; whoever saw the request cannot make them."""
        # Each half hashed first: no other pair may read the same.
        halves = (hashlib.sha256(half.encode()).digest() for half in (spent, key))
        made = hmac.digest(self._refresh_secret, b"".join(halves), "sha256")
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


class FileSecrets:
    """The `ServiceSecrets` port over the secrets folder; read each time, so that a new secret counts at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def matches(self, service: str, secret: str) -> bool:
        """Whether it is that service's secret; a service without a secret has no token either."""
        expected = self._settings.optional_secret(f"{service}-service")
        return bool(expected) and hmac.compare_digest((expected or "").encode(), secret.encode())
