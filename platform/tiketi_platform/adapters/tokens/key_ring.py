"""All keys of the auth service: one signs, others are published before they sign or after they did.

Private halves leave this process only sealed (AES-256-GCM) with a key made from the file `auth.pem`, so that
whoever reads the database cannot sign, and every replica that has the file can. A key whose seal another file
made is published for the tokens it signed, and signs no more.
"""

import os
from collections.abc import Sequence
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tiketi_core.kernel import bounds
from tiketi_platform.adapters.postgres.auth.keys import KeyRow
from tiketi_platform.adapters.tokens.signer import Signer, public_jwk
from tiketi_platform.framework.telemetry import log
from tiketi_sdk.contract.auth import Jwks

KEYS_MAX: Final = 8
"""Published at once; verifiers take a few more."""
KEPT_S: Final = bounds.access_ttl_s + bounds.clock_skew_s
"""How long a key is published after another took over: until the last token it signed has ended."""
_NONCE_BYTES: Final = 12
_PURPOSE: Final = b"tiketi auth signing keys"


class KeyStore(Protocol):
    """Where the replicas share their keys."""

    async def published(self, *, kept_s: int) -> Sequence[KeyRow]: ...

    async def add(
        self,
        kid: str,
        public_key: bytes,
        *,
        sealed: bytes | None,
        ahead_s: int,
        kept_s: int,
        keys_max: int,
    ) -> None: ...


class KeyRing:
    """The keys of this process; `refresh` brings what the other replicas did."""

    def __init__(self, store: KeyStore, file_signer: Signer) -> None:
        self._store = store
        self._file_signer = file_signer
        self._seal = AESGCM(file_signer.secret_for(_PURPOSE))
        self._signers = {file_signer.jwk.kid: file_signer}
        self._public = {file_signer.jwk.kid: file_signer.private_key.public_key()}
        self.signer = file_signer
        """The one that signs now."""
        self.jwks = file_signer.jwks
        """The public keys as others fetch them."""
        self.rows: Sequence[KeyRow] = ()

    async def start(self) -> None:
        """See to it that the file's key is known; the first of all signs at once."""
        await self._add(self._file_signer, sealed=None, ahead_s=0)
        await self.refresh()

    async def rotate(self, *, ahead_s: int) -> None:
        """Publish a new key that signs from `ahead_s` on. Raises TooManyFailuresError."""
        signer = Signer(Ed25519PrivateKey.generate())
        nonce = os.urandom(_NONCE_BYTES)
        raw = signer.private_key.private_bytes_raw()
        sealed = nonce + self._seal.encrypt(nonce, raw, signer.jwk.kid.encode())
        await self._add(signer, sealed=sealed, ahead_s=ahead_s)
        await self.refresh()

    async def refresh(self) -> None:
        """Learn which keys are published and which one signs."""
        rows = await self._store.published(kept_s=KEPT_S)
        public = {row.kid: Ed25519PublicKey.from_public_bytes(row.public_key) for row in rows}
        signers = {row.kid: signer for row in rows if (signer := self._signer(row)) is not None}
        # Newest first: of those that may sign, the newest that we can sign with.
        ready = [row.kid for row in rows if row.state != "next" and row.kid in signers]
        self.rows, self._signers, self._public = rows, signers, public
        self.jwks = Jwks(keys=tuple(public_jwk(key) for key in public.values()))
        if ready:
            self.signer = signers[ready[0]]

    def public_key(self, kid: str) -> Ed25519PublicKey | None:
        """A published key by its name."""
        return self._public.get(kid)

    async def _add(self, signer: Signer, *, sealed: bytes | None, ahead_s: int) -> None:
        await self._store.add(
            signer.jwk.kid,
            signer.private_key.public_key().public_bytes_raw(),
            sealed=sealed,
            ahead_s=ahead_s,
            kept_s=KEPT_S,
            keys_max=KEYS_MAX,
        )

    def _signer(self, row: KeyRow) -> Signer | None:
        known = self._signers.get(row.kid)
        if known is not None:
            return known
        if row.kid == self._file_signer.jwk.kid:
            return self._file_signer
        if row.sealed is None:
            return None
        nonce, sealed = row.sealed[:_NONCE_BYTES], row.sealed[_NONCE_BYTES:]
        try:
            raw = self._seal.decrypt(nonce, sealed, row.kid.encode())
        except InvalidTag:
            log.warning("a signing key was sealed with another file", extra={"kid": row.kid})
            return None
        return Signer(Ed25519PrivateKey.from_private_bytes(raw))
