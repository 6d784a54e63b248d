"""Logging in with Google: whom Google vouches for, and which account of ours that is.

An e-mail that Google has not verified logs in nowhere. One that another account has opens nothing by itself:
whoever opened that account must give its password once, because we never saw that the e-mail was theirs.
"""

import hmac

from tiketi_core.auth import rules
from tiketi_core.auth.errors import (
    GoogleEmailUnverifiedError,
    GoogleLinkRequiredError,
    GoogleRefusedError,
)
from tiketi_core.auth.model import (
    GoogleAuthorization,
    GoogleIdentity,
    GoogleState,
    LinkOffer,
    Origin,
    Session,
)
from tiketi_core.auth.ports import Google, GoogleAccounts, GoogleSeal
from tiketi_core.auth.use_cases.credentials import Credentials
from tiketi_core.auth.use_cases.issuer import Issuer
from tiketi_core.kernel.errors import InvalidRequestError


class GoogleLogin:
    """The three steps: authorize, enter, and link where it must be."""

    def __init__(
        self,
        credentials: Credentials,
        google_accounts: GoogleAccounts,
        *,
        google: Google,
        seal: GoogleSeal,
        issuer: Issuer,
        redirect_uri: str,
    ) -> None:
        self._credentials = credentials
        self._google_accounts = google_accounts
        self._google = google
        self._seal = seal
        self._issuer = issuer
        self._redirect_uri = redirect_uri

    async def authorize(
        self, *, redirect_uri: str | None, challenge: str | None
    ) -> GoogleAuthorization:
        """Where to send the browser; raises GoogleUnavailableError."""
        redirect_uri = self._redirect(redirect_uri)
        verifier = self._issuer.refresh_token() if challenge is None else None
        asked = GoogleState(
            nonce=self._issuer.refresh_token(),
            redirect_uri=redirect_uri,
            challenge=challenge or rules.challenge_of(verifier or ""),
        )
        state, expires_at_ms = self._seal.seal_state(asked, ttl_s=self._issuer.policy.google_ttl_s)
        url = await self._google.authorization_url(
            redirect_uri=redirect_uri, state=state, nonce=asked.nonce, challenge=asked.challenge
        )
        return GoogleAuthorization(
            url=url,
            state=state,
            redirect_uri=redirect_uri,
            code_verifier=verifier,
            expires_at_ms=expires_at_ms,
        )

    async def enter(
        self,
        code: str,
        *,
        state: str | None,
        redirect_uri: str | None,
        verifier: str | None,
        origin: Origin,
        request_id: str,
    ) -> Session:
        """Log in by a code; raises the Google errors and AccountDisabledError."""
        identity = await self._redeem(code, state, redirect_uri, verifier)
        if not identity.email_verified:
            raise GoogleEmailUnverifiedError
        refresh_token = self._issuer.refresh_token()
        opened = await self._google_accounts.enter(
            identity,
            origin,
            refresh_token=refresh_token,
            ttl_s=self._issuer.policy.refresh_ttl_s,
            request_id=request_id,
        )
        if opened is None:
            offer = LinkOffer(subject=identity.subject, email=identity.email)
            token = self._seal.seal_offer(offer, ttl_s=self._issuer.policy.google_ttl_s)
            raise GoogleLinkRequiredError(extra={"link_token": token, "email": identity.email})
        return self._issuer.session(opened, refresh_token)

    async def link(self, link_token: str, *, password: str, origin: Origin) -> Session:
        """Log in by password and let the Google account in from now on.

        Wrong guesses count as they do at the login. Raises BadCredentialsError, TooManyFailuresError,
        AccountDisabledError, LinkTokenInvalidError, LinkTokenExpiredError.
        """
        offer = self._seal.open_offer(link_token)
        proof = await self._credentials.prove(offer.email, password, address=origin.address)
        refresh_token = self._issuer.refresh_token()
        opened = await self._google_accounts.link(
            proof.stored,
            proof.attempt,
            origin,
            subject=offer.subject,
            email=offer.email,
            refresh_token=refresh_token,
            ttl_s=self._issuer.policy.refresh_ttl_s,
        )
        return self._issuer.session(opened, refresh_token)

    async def _redeem(
        self, code: str, state: str | None, redirect_uri: str | None, verifier: str | None
    ) -> GoogleIdentity:
        nonce = None
        if state is not None:
            asked = self._seal.open_state(state)
            if redirect_uri not in {None, asked.redirect_uri}:
                raise GoogleRefusedError("the redirect address is not the one asked for")
            if verifier is None or not hmac.compare_digest(
                rules.challenge_of(verifier), asked.challenge
            ):
                raise GoogleRefusedError("the code verifier does not belong to this login")
            redirect_uri, nonce = asked.redirect_uri, asked.nonce
        elif verifier is None:
            # Nothing would bind the code to whoever sends it: somebody else's could be slipped in.
            raise InvalidRequestError("send state, or at least code_verifier", field="state")
        identity = await self._google.redeem(
            code, redirect_uri=self._redirect(redirect_uri), verifier=verifier
        )
        if identity.nonce != nonce:
            raise GoogleRefusedError("the ID token was made for another login (nonce)")
        return identity

    def _redirect(self, given: str | None) -> str:
        redirect_uri = given or self._redirect_uri
        if not redirect_uri:
            raise InvalidRequestError(
                "is needed: this platform has none of its own", field="redirect_uri"
            )
        return redirect_uri
