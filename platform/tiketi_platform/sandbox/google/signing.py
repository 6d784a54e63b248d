"""The sandbox's RSA keys and the ID tokens they sign; made at first use, because most platforms never need one."""

import base64
import hashlib
import secrets
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from tiketi_platform.sandbox.google.grants import TOKEN_TTL_S, Grant


class Keys:
    """The newest key signs; those before it stay published."""

    def __init__(self) -> None:
        self._keys: list[tuple[str, RSAPrivateKey]] = []

    def rotate(self) -> None:
        """Sign with a new key from now on."""
        self._keys.append((secrets.token_hex(20), generate_private_key(65_537, 2_048)))

    def certs(self) -> dict[str, Any]:
        """The published keys, as Google's /oauth2/v3/certs writes them."""
        self._ensure()
        return {"keys": [_jwk(kid, key) for kid, key in self._keys]}

    def sign(self, claims: dict[str, Any]) -> str:
        """A JWT by the newest key."""
        self._ensure()
        kid, key = self._keys[-1]
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})

    def _ensure(self) -> None:
        if not self._keys:
            self.rotate()


def id_claims(grant: Grant, *, issuer: str, access_token: str) -> dict[str, Any]:
    """What an ID token of Google says."""
    person, now_s = grant.person, int(time.time())
    digest = hashlib.sha256(access_token.encode()).digest()
    claims = {
        "iss": issuer,
        "azp": grant.client_id,
        "aud": grant.client_id,
        "sub": person.subject,
        "email": person.email,
        "email_verified": person.verified,
        "at_hash": base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode(),
        "name": person.name,
        "picture": f"https://images.gmail.test/{person.subject}",
        "given_name": person.name,
        "iat": now_s,
        "exp": now_s + TOKEN_TTL_S,
    }
    return claims if grant.nonce is None else {**claims, "nonce": grant.nonce}


def _jwk(kid: str, key: RSAPrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": kid,
        "n": _base64url(numbers.n),
        "e": _base64url(numbers.e),
    }


def _base64url(number: int) -> str:
    data = number.to_bytes((number.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
