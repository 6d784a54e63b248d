"""Authorization codes and access tokens of the sandbox: kept in memory, good once and not for long."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tiketi_platform.sandbox.google.people import Person

CODE_TTL_S: Final = 600
TOKEN_TTL_S: Final = 3_599
GRANTS_MAX: Final = 10_000


class RefusedError(Exception):
    """What the token endpoint says no with: `error` and a sentence."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What somebody agreed to."""

    person: Person
    client_id: str
    redirect_uri: str
    nonce: str | None
    challenge: str | None
    until_s: float


class Grants:
    """All of them."""

    def __init__(self) -> None:
        self._codes: dict[str, Grant] = {}
        self._tokens: dict[str, tuple[Person, float]] = {}

    def code(self, person: Person, query: Mapping[str, str]) -> str:
        """A code for what was asked in an authorization request."""
        code = f"4/0{secrets.token_urlsafe(48)}"
        self._codes[code] = Grant(
            person=person,
            client_id=query["client_id"],
            redirect_uri=query["redirect_uri"],
            nonce=query.get("nonce") or None,
            challenge=query.get("code_challenge") or None,
            until_s=time.monotonic() + CODE_TTL_S,
        )
        while len(self._codes) > GRANTS_MAX:
            del self._codes[next(iter(self._codes))]
        return code

    def redeem(self, form: Mapping[str, str]) -> Grant:
        """The grant of a code, spent by it; raises RefusedError as Google would refuse."""
        grant = self._codes.pop(form.get("code", ""), None)
        if grant is None or grant.until_s <= time.monotonic():
            raise RefusedError("invalid_grant", "Malformed auth code.")
        if form.get("redirect_uri") != grant.redirect_uri:
            raise RefusedError("redirect_uri_mismatch", "Bad Request")
        if form.get("client_id") != grant.client_id:
            raise RefusedError("invalid_grant", "Bad Request")
        if grant.challenge is not None:
            verifier = form.get("code_verifier")
            if not verifier:
                raise RefusedError("invalid_grant", "Missing code verifier.")
            if not hmac.compare_digest(_challenge(verifier), grant.challenge):
                raise RefusedError("invalid_grant", "Invalid code verifier.")
        return grant

    def access_token(self, person: Person) -> str:
        """Good at the userinfo endpoint."""
        token = f"ya29.{secrets.token_urlsafe(48)}"
        self._tokens[token] = (person, time.monotonic() + TOKEN_TTL_S)
        while len(self._tokens) > GRANTS_MAX:
            del self._tokens[next(iter(self._tokens))]
        return token

    def person_of(self, token: str) -> Person | None:
        """Whose access token it is."""
        person, until_s = self._tokens.get(token, (None, 0.0))
        return person if until_s > time.monotonic() else None


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("utf-8", "surrogateescape")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
