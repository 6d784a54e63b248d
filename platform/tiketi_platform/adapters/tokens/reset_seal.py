"""Seals the token of a reset mail for the service that sends it; nobody on the way between can use it.

The key is made from the secret by which auth knows the notification service: those two have it, nobody else.
"""

import base64
import binascii
import os
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SECRET_NAME: Final = "notification-service"  # noqa: S105  # the secret's name, not the secret
_PURPOSE: Final = b"tiketi reset token 1"
_NONCE_BYTES: Final = 12


class SealBrokenError(Exception):
    """This was not sealed by auth for notification, or one of them has another secret by now."""


class ResetSeal:
    """The `ResetSeal` port of auth, and its other end. `secret` is read each time, so that a new one counts."""

    def __init__(self, secret: Callable[[], str]) -> None:
        self._secret = secret

    def seal(self, token: str) -> str:
        """The token as it may travel; URL-safe."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._cipher().encrypt(nonce, token.encode(), _PURPOSE)
        return base64.urlsafe_b64encode(sealed).decode()

    def open(self, sealed: str) -> str:
        """The token itself; raises SealBrokenError."""
        try:
            raw = base64.urlsafe_b64decode(sealed)
            token = self._cipher().decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _PURPOSE)
        except (binascii.Error, ValueError, InvalidTag) as error:
            raise SealBrokenError from error
        return token.decode()

    def _cipher(self) -> AESGCM:
        return AESGCM(HKDF(SHA256(), 32, salt=None, info=_PURPOSE).derive(self._secret().encode()))
