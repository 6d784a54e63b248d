"""Checks a password and counts the wrong ones: the one place where anybody may guess; opens no session."""

from dataclasses import dataclass

from tiketi_core.auth import rules
from tiketi_core.auth.errors import BadCredentialsError
from tiketi_core.auth.model import Attempt, Policy, Stored
from tiketi_core.auth.ports import Accounts, PasswordHasher


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Somebody has given the password of this account."""

    stored: Stored
    attempt: Attempt
    """Whoever acts on the proof looks again whether the guesser has to wait by now."""


class Credentials:
    """Who has given the right password."""

    def __init__(self, accounts: Accounts, passwords: PasswordHasher, policy: Policy) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._policy = policy

    async def prove(self, email: str, password: str, *, address: str) -> Proof:
        """Whose password it is; raises BadCredentialsError and TooManyFailuresError.

        An unknown e-mail, an account without password and a wrong password take the same steps. Of many
        guesses at once those that were checked after the limit was reached are all answered alike: a wrong one
        when it is counted, the right one when the proof is acted on.
        """
        attempt = rules.attempt(email, address)
        stored = await self._accounts.candidate(email, attempt)
        password_hash = None if stored is None else stored.password_hash
        is_right = await self._passwords.verify(rules.canonical_password(password), password_hash)
        if stored is None or password_hash is None or not is_right:
            await self._accounts.count(attempt.account_key, self._policy.per_account)
            await self._accounts.count(attempt.address_key, self._policy.per_address)
            raise BadCredentialsError
        return Proof(stored=stored, attempt=attempt)
