"""What the auth service is made of, put together from opened resources; opens nothing itself."""

from dataclasses import dataclass

from tiketi_core.auth.model import Policy
from tiketi_core.auth.use_cases import Administration, GoogleLogin, Identity, Issuer, Passwords
from tiketi_core.kernel import bounds
from tiketi_platform.adapters.google.client import GoogleClient
from tiketi_platform.adapters.google.provider import Provider
from tiketi_platform.adapters.passwords.hasher import Argon2Passwords
from tiketi_platform.adapters.postgres.auth.accounts import PostgresAccounts
from tiketi_platform.adapters.postgres.auth.directory import PostgresDirectory
from tiketi_platform.adapters.postgres.auth.google import PostgresGoogleAccounts
from tiketi_platform.adapters.postgres.auth.passwords import PostgresPasswords
from tiketi_platform.adapters.postgres.auth.revocations import PostgresRevocations
from tiketi_platform.adapters.resources import Resources
from tiketi_platform.adapters.tokens.google_seal import SignedGoogleSeal
from tiketi_platform.adapters.tokens.keys import public_key
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
    google_login: GoogleLogin
    google: GoogleClient
    revocations: PostgresRevocations
    accounts: PostgresAccounts
    jwks: Jwks
    settings: Settings

    async def ensure_admin(self) -> None:
        """Make sure of the administrator the settings name, if they name one."""
        email = self.settings.admin_email
        if email:
            await self.identity.ensure_admin(email, self.settings.secret("admin-password"))

    async def close(self) -> None:
        """Hang up on Google."""
        await self.google.close()

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
    google = GoogleClient(
        Provider(settings.google_url),
        resources.clock,
        client_id=settings.google_client_id,
        client_secret=settings.optional_secret("google-client-secret"),
    )
    return AuthService(
        identity=Identity(accounts, hasher, issuer=issuer, secrets=FileSecrets(settings)),
        passwords=Passwords(accounts, PostgresPasswords(database), passwords=hasher, issuer=issuer),
        administration=Administration(accounts, PostgresDirectory(database)),
        google_login=GoogleLogin(
            accounts,
            PostgresGoogleAccounts(database),
            google=google,
            seal=SignedGoogleSeal(
                resources.clock,
                signer=lambda: signer,
                public_key=lambda kid: public_key(signer.jwk) if kid == signer.jwk.kid else None,
            ),
            passwords=hasher,
            issuer=issuer,
            redirect_uri=settings.google_redirect_uri,
        ),
        google=google,
        revocations=PostgresRevocations(database),
        accounts=accounts,
        jwks=signer.jwks,
        settings=settings,
    )
