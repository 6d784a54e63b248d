"""What the auth service is made of, put together from opened resources; opens nothing itself."""

from dataclasses import dataclass

from tiketi_core.auth.model import Policy
from tiketi_core.auth.use_cases import Administration, Identity, Issuer, Passwords
from tiketi_core.kernel import bounds
from tiketi_platform.adapters.passwords.hasher import Argon2Passwords
from tiketi_platform.adapters.postgres.auth.accounts import PostgresAccounts
from tiketi_platform.adapters.postgres.auth.directory import PostgresDirectory
from tiketi_platform.adapters.postgres.auth.passwords import PostgresPasswords
from tiketi_platform.adapters.postgres.auth.revocations import PostgresRevocations
from tiketi_platform.adapters.resources import Resources
from tiketi_platform.adapters.tokens.signer import Signer
from tiketi_platform.framework.settings import Settings
from tiketi_platform.services.auth.tokens import FileSecrets, SignedTokens
from tiketi_sdk.contract.auth import Jwks


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthService:
    """Accounts and sessions, ready to serve."""

    identity: Identity
    passwords: Passwords
    administration: Administration
    revocations: PostgresRevocations
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
        return await self.accounts.prune(
            limit=bounds.batch_max, revocations_kept_s=bounds.revocation_kept_s
        )


def build(resources: Resources) -> AuthService:
    """The auth service; raises FileNotFoundError when its private key is missing."""
    settings = resources.settings
    signer = Signer.from_file(settings.keys_dir / "auth.pem")
    database = resources.database
    accounts, hasher = PostgresAccounts(database), Argon2Passwords()
    issuer = Issuer(SignedTokens(signer, resources.clock), Policy())
    return AuthService(
        identity=Identity(accounts, hasher, issuer=issuer, secrets=FileSecrets(settings)),
        passwords=Passwords(accounts, PostgresPasswords(database), passwords=hasher, issuer=issuer),
        administration=Administration(accounts, PostgresDirectory(database)),
        revocations=PostgresRevocations(database),
        accounts=accounts,
        jwks=signer.jwks,
        settings=settings,
    )
