"""Changing a password by the one there is, and setting a new one by a mail; both end every session."""

from typing import Final

from tiketi_core.auth import rules
from tiketi_core.auth.errors import AccountGoneError, BadCredentialsError
from tiketi_core.auth.model import MAILS_PER_ACCOUNT, MAILS_PER_ADDRESS, Origin, Session
from tiketi_core.auth.ports import Accounts, PasswordHasher, PasswordStore, ResetSeal
from tiketi_core.auth.use_cases.credentials import Credentials
from tiketi_core.auth.use_cases.issuer import Issuer
from tiketi_core.kernel.ids import UserId

ANSWERED_MAX: Final = 100
"""Requests for reset mails answered in one round."""


class Passwords:
    """What may be done about a password."""

    def __init__(
        self,
        accounts: Accounts,
        store: PasswordStore,
        *,
        credentials: Credentials,
        passwords: PasswordHasher,
        seal: ResetSeal,
        issuer: Issuer,
    ) -> None:
        self._accounts = accounts
        self._store = store
        self._credentials = credentials
        self._passwords = passwords
        self._seal = seal
        self._issuer = issuer

    async def change(self, user_id: UserId, *, current: str, new: str, origin: Origin) -> Session:
        """Change it, end every session and begin a new one; raises BadCredentialsError.

        Wrong guesses count as they do at the login, so that a stolen token does not help to find it out.
        """
        account = await self._accounts.account(user_id)
        if account is None:
            raise AccountGoneError
        try:
            proof = await self._credentials.prove(account.email, current, address=origin.address)
        except BadCredentialsError as error:
            raise BadCredentialsError(
                "the current password is not right", field="current_password"
            ) from error
        refresh_token = self._issuer.refresh_token()
        opened = await self._store.change(
            proof.stored,
            proof.attempt,
            origin,
            new_hash=await self._passwords.hash(rules.canonical_password(new)),
            refresh_token=refresh_token,
            ttl_s=self._issuer.policy.refresh_ttl_s,
        )
        return self._issuer.session(opened, refresh_token)

    async def forgotten(self, email: str, *, address: str, request_id: str) -> None:
        """Have a reset token sent if there is such an account. Looked for later: so nothing here can tell.

        Raises TooManyFailuresError when too many mails were asked for.
        """
        mailing = rules.mailing(email, address)
        # Both first: whoever is refused for his own address must not use up somebody else's mails.
        await self._store.check(mailing)
        await self._accounts.count(mailing.account_key, MAILS_PER_ACCOUNT)
        await self._accounts.count(mailing.address_key, MAILS_PER_ADDRESS)
        await self._store.ask_reset(email, request_id=request_id)

    async def answer_forgotten(self) -> int:
        """Have the mails sent that were asked for since, at most `ANSWERED_MAX`; returns how many requests."""
        ttl_s = self._issuer.policy.reset_ttl_s
        for count in range(ANSWERED_MAX):
            token = self._issuer.refresh_token()
            sealed = self._seal.seal(token)
            if not await self._store.answer_reset(token, sealed=sealed, ttl_s=ttl_s):
                return count
        return ANSWERED_MAX

    async def reset(self, token: str, new: str) -> None:
        """Set a new password by the token of the mail; raises ResetTokenInvalidError, ResetTokenExpiredError."""
        # Asked first: a made-up token is not worth a hash.
        await self._store.check_reset(token)
        new_hash = await self._passwords.hash(rules.canonical_password(new))
        await self._store.reset(token, new_hash=new_hash)
