"""The `Google` port: builds the address for the browser, trades codes, and believes no ID token unchecked."""

from typing import Any, Final
from urllib.parse import urlencode

import jwt
from pydantic import TypeAdapter, ValidationError

from tiketi_core.auth.errors import GoogleRefusedError, GoogleUnavailableError
from tiketi_core.auth.model import GoogleIdentity
from tiketi_core.kernel.clock import Clock
from tiketi_platform.adapters.google.provider import Addresses, Json, Provider
from tiketi_platform.framework.telemetry import log
from tiketi_sdk.contract.fields import Email, WebAddress

SCOPE: Final = "openid email profile"
ALGORITHMS: Final = ("RS256", "ES256")
SKEW_S: Final = 60
NAME_CHARS_MAX: Final = 100
SUBJECT_CHARS_MAX: Final = 255
_EMAIL: Final = TypeAdapter[str](Email)
_ADDRESS: Final = TypeAdapter[str](WebAddress)
_OPTIONS: Final[Any] = {
    "require": ["iss", "aud", "sub", "exp", "iat"],
    # By our own clock, as everywhere.
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}
_OURS: Final = {"invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type"}
"""Refusals that say our registration at Google is wrong, not the user's login."""
_SAID: Final = {
    "invalid_grant": "the code was used before, has run out, or belongs to another request",
    "redirect_uri_mismatch": "the redirect address is not registered at Google",
    "access_denied": "the login was declined at Google",
    "invalid_request": "Google did not understand the request",
}


class GoogleClient:
    """This platform as a client of Google."""

    def __init__(
        self, provider: Provider, clock: Clock, *, client_id: str, client_secret: str | None
    ) -> None:
        self._provider = provider
        self._clock = clock
        self._client_id = client_id
        self._client_secret = client_secret

    async def close(self) -> None:
        """Close the connections."""
        await self._provider.close()

    async def authorization_url(
        self, *, redirect_uri: str, state: str, nonce: str, challenge: str
    ) -> str:
        """The authorization endpoint with everything it needs; raises GoogleUnavailableError."""
        self._check_registered()
        addresses = await self._provider.addresses()
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "prompt": "select_account",
        }
        separator = "&" if "?" in addresses.authorization else "?"
        return f"{addresses.authorization}{separator}{urlencode(query)}"

    async def redeem(self, code: str, *, redirect_uri: str, verifier: str | None) -> GoogleIdentity:
        """Trade a code; raises GoogleRefusedError and GoogleUnavailableError."""
        self._check_registered()
        addresses = await self._provider.addresses()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self._client_id,
            "client_secret": self._client_secret or "",
            **({"code_verifier": verifier} if verifier is not None else {}),
        }
        status, said = await self._provider.post(addresses.token, form)
        if status != 200:
            raise _refusal(status, said)
        token = said.get("id_token")
        if not isinstance(token, str):
            raise GoogleRefusedError("Google sent no ID token")
        return _identity(await self._claims(token, addresses))

    async def _claims(self, token: str, addresses: Addresses) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            kid = header.get("kid")
            key = await self._provider.key(kid if isinstance(kid, str) else None)
            if key is None:
                raise GoogleRefusedError(
                    "the ID token is signed with a key Google does not publish"
                )
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=[each for each in ALGORITHMS if each == key.algorithm_name],
                audience=self._client_id,
                # Google itself writes its issuer with and without the scheme.
                issuer=[addresses.issuer, addresses.issuer.removeprefix("https://")],
                options=_OPTIONS,
            )
        except jwt.InvalidTokenError as error:
            raise GoogleRefusedError(f"the ID token does not hold: {error}") from error
        if claims.get("azp", self._client_id) != self._client_id:
            raise GoogleRefusedError("the ID token was made for another client")
        self._check_times(claims)
        return claims

    def _check_times(self, claims: dict[str, Any]) -> None:
        now_s = self._clock.now_ms() / 1000
        ends_s, made_s, begins_s = claims["exp"], claims["iat"], claims.get("nbf", 0)
        if not all(isinstance(moment, int | float) for moment in (ends_s, made_s, begins_s)):
            raise GoogleRefusedError("the ID token does not hold: its times are no numbers")
        if ends_s <= now_s - SKEW_S:
            raise GoogleRefusedError("the ID token does not hold: it has run out")
        if max(made_s, begins_s) > now_s + SKEW_S:
            raise GoogleRefusedError("the ID token does not hold: its time has not come yet")

    def _check_registered(self) -> None:
        if not self._client_id:
            raise GoogleUnavailableError("this platform is not registered at Google")


def _refusal(status: int, said: Json) -> GoogleRefusedError | GoogleUnavailableError:
    reason = str(said.get("error", "no reason"))
    if reason in _OURS or status >= 500 or status == 429:
        log.error("google refuses us", extra={"status": status, "reason": reason})
        return GoogleUnavailableError(f"Google refuses this platform: {reason}", retry_after_s=5)
    detail = _SAID.get(reason, "Google refused the code")
    return GoogleRefusedError(detail, extra={"reason": reason})


def _identity(claims: dict[str, Any]) -> GoogleIdentity:
    subject, email = str(claims["sub"]), claims.get("email", "")
    if not 0 < len(subject) <= SUBJECT_CHARS_MAX or not subject.isprintable():
        raise GoogleRefusedError("the ID token names nobody")
    if not _fits(_EMAIL, email):
        raise GoogleRefusedError("the ID token has no e-mail address we can use")
    name = "".join(each for each in str(claims.get("name", "")) if each.isprintable())
    picture = claims.get("picture", "")
    is_sound = _fits(_ADDRESS, picture) and picture.startswith("https://")
    nonce = claims.get("nonce")
    return GoogleIdentity(
        subject=subject,
        email=email,
        # Some providers write it as a string; anything but a clear yes is a no.
        email_verified=claims.get("email_verified") in (True, "true"),
        name=(name.strip() or email.partition("@")[0])[:NAME_CHARS_MAX],
        picture=picture if is_sound else None,
        nonce=nonce if isinstance(nonce, str) else None,
    )


def _fits(form: TypeAdapter[str], claim: object) -> bool:
    """Whether we would have taken it from the user himself."""
    try:
        form.validate_python(claim, strict=True)
    except ValidationError:
        return False
    return True
