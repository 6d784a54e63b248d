"""What the auth service is made of, put together from opened resources; opens nothing itself."""

from dataclasses import dataclass

from tiketi_core.auth.model import Policy
from tiketi_core.auth.use_cases import Identity
from tiketi_core.kernel import bounds
from tiketi_platform.adapters.passwords.hasher import Argon2Passwords
from tiketi_platform.adapters.postgres.auth import PostgresAccounts
from tiketi_platform.adapters.resources import Resources
from tiketi_platform.adapters.tokens.signer import Signer
from tiketi_platform.framework.settings import Settings
from tiketi_platform.services.auth.tokens import FileSecrets, SignedTokens
from tiketi_sdk.contract.auth import Jwks


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthService:
    """Accounts and sessions, ready to serve."""

    identity: Identity
    accounts: PostgresAccounts
    jwks: Jwks
    settings: Settings

    async def ensure_admin(self) -> None:
        """Make sure of the administrator the settings name, if they name one."""
        email = self.settings.admin_email
        if email:
            await self.identity.ensure_admin(email, self.settings.secret("admin-password"))

    async def prune(self) -> int:
        """Forget sessions and counts of failures that are over."""
        return await self.accounts.prune(limit=bounds.batch_max)


def build(resources: Resources) -> AuthService:
    """The auth service; raises FileNotFoundError when its private key is missing."""
    settings = resources.settings
    signer = Signer.from_file(settings.keys_dir / "auth.pem")
    accounts = PostgresAccounts(resources.database)
    identity = Identity(
        accounts,
        Argon2Passwords(),
        tokens=SignedTokens(signer, resources.clock),
        secrets=FileSecrets(settings),
        policy=Policy(),
    )
    return AuthService(identity=identity, accounts=accounts, jwks=signer.jwks, settings=settings)
