"""Signs JWTs with one Ed25519 key and publishes its public half; decides nothing about who gets one."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from tiketi_platform.framework.access import ISSUER
from tiketi_platform.framework.signed import ALGORITHM
from tiketi_sdk.contract.auth import Jwk, Jwks


class Signer:
    """One private key. Its `kid` is the RFC 7638 thumbprint, so that a new key names itself."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self.private_key = key
        self.jwk = public_jwk(key.public_key())
        self._headers = {"kid": self.jwk.kid}

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a PEM file (PKCS 8); ValueError when it holds another kind of key."""
        key = load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            msg = f"{path} does not hold an Ed25519 key"
            raise ValueError(msg)  # noqa: TRY004  # the file's content is wrong, not an argument's type
        return cls(key)

    def secret_for(self, purpose: bytes) -> bytes:
        """32 bytes for one purpose only: the same wherever this key is, random to whoever lacks it."""
        seed = self.private_key.private_bytes_raw()
        return HKDF(SHA256(), 32, salt=None, info=purpose).derive(seed)

    @property
    def jwks(self) -> Jwks:
        """The public key as others fetch it."""
        return Jwks(keys=(self.jwk,))

    def sign(
        self, claims: Mapping[str, object], *, audience: str, issued_at_s: int, expires_at_s: int
    ) -> str:
        """A JWT with `claims` and the registered ones; about 60 µs."""
        payload = {
            **claims,
            "iss": ISSUER,
            "aud": audience,
            "iat": issued_at_s,
            "exp": expires_at_s,
        }
        return jwt.encode(payload, self.private_key, algorithm=ALGORITHM, headers=self._headers)


def public_jwk(key: Ed25519PublicKey) -> Jwk:
    """A public key in the shape of RFC 8037."""
    x = _base64url(key.public_bytes(Encoding.Raw, PublicFormat.Raw))
    thumbprint = hashlib.sha256(orjson.dumps({"crv": "Ed25519", "kty": "OKP", "x": x})).digest()
    return Jwk(kid=_base64url(thumbprint), x=x)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
