"""Makes the tokens of a session the store has begun; whether it may begin is decided before."""

from tiketi_core.auth.model import AccessToken, Account, Opened, Policy, Session
from tiketi_core.auth.ports import Tokens
from tiketi_core.kernel import bounds
from tiketi_core.kernel.ids import SessionId


class Issuer:
    """Tokens by policy."""

    def __init__(self, tokens: Tokens, policy: Policy) -> None:
        self._tokens = tokens
        self.policy = policy

    def refresh_token(self) -> str:
        """A new one; the store keeps its hash."""
        return self._tokens.refresh()

    def refresh_token_after(self, spent: str, key: str | None) -> str:
        """What `spent` is traded for: under a key nobody guesses always the same, else a new one each time."""
        if key is None or len(key) < bounds.refresh_key_chars_min:
            return self._tokens.refresh()
        return self._tokens.refresh_after(spent, key)

    def session(self, opened: Opened, refresh_token: str) -> Session:
        """What logging in gives."""
        access = self.access(opened.account, opened.session_id)
        return Session(
            id=opened.session_id,
            account=opened.account,
            access=access,
            refresh_token=refresh_token,
        )

    def access(self, account: Account, session_id: SessionId | None = None) -> AccessToken:
        """A token that says who and which role, and which session and version it ends with."""
        return self._tokens.access(
            subject=str(account.id),
            role=account.role,
            ttl_s=self.policy.access_ttl_s,
            version=account.token_version,
            session_id=session_id,
        )

    def service(self, service: str) -> AccessToken:
        """A token of a service."""
        return self._tokens.access(
            subject=f"service:{service}", role="service", ttl_s=self.policy.service_token_ttl_s
        )
