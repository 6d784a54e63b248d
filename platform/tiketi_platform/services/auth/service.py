"""What the auth service is made of, put together from opened resources; opens nothing itself."""

from dataclasses import dataclass

from tiketi_core.auth.model import Policy
from tiketi_core.auth.use_cases import (
    Administration,
    Credentials,
    GoogleLogin,
    Identity,
    Issuer,
    Passwords,
)
from tiketi_core.kernel import bounds
from tiketi_platform.adapters.google.client import GoogleClient
from tiketi_platform.adapters.google.provider import Provider
from tiketi_platform.adapters.passwords.hasher import Argon2Passwords
from tiketi_platform.adapters.postgres.auth.accounts import PostgresAccounts
from tiketi_platform.adapters.postgres.auth.directory import PostgresDirectory
from tiketi_platform.adapters.postgres.auth.google import PostgresGoogleAccounts
from tiketi_platform.adapters.postgres.auth.keys import PostgresKeys
from tiketi_platform.adapters.postgres.auth.passwords import PostgresPasswords
from tiketi_platform.adapters.postgres.auth.revocations import PostgresRevocations
from tiketi_platform.adapters.resources import Resources
from tiketi_platform.adapters.tokens.google_seal import SignedGoogleSeal
from tiketi_platform.adapters.tokens.key_ring import KEPT_S, KeyRing
from tiketi_platform.adapters.tokens.reset_seal import SECRET_NAME, ResetSeal
from tiketi_platform.adapters.tokens.signer import Signer
from tiketi_platform.framework.settings import Settings
from tiketi_platform.services.auth.tokens import FileSecrets, SignedTokens
from tiketi_platform.services.auth.verifications import Verifications


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthService:
    """Accounts and sessions, ready to serve."""

    identity: Identity
    verifications: Verifications
    passwords: Passwords
    administration: Administration
    google_login: GoogleLogin
    google: GoogleClient
    revocations: PostgresRevocations
    accounts: PostgresAccounts
    keys: KeyRing
    key_rows: PostgresKeys
    settings: Settings

    async def begin(self) -> None:
        """Learn the keys, and make sure of the administrator the settings name, if they name one."""
        await self.keys.start()
        email = self.settings.admin_email
        if email:
            await self.identity.ensure_admin(email, self.settings.secret("admin-password"))

    async def close(self) -> None:
        """Hang up on Google."""
        await self.google.close()

    async def prune(self) -> int:
        """Forget sessions and counts of failures that are over."""
        await self.key_rows.forget(kept_s=KEPT_S)
        return await self.accounts.prune(
            limit=bounds.batch_max, revocations_kept_s=bounds.revocation_kept_s
        )


def build(resources: Resources) -> AuthService:
    """The auth service; raises FileNotFoundError when its private key is missing."""
    settings = resources.settings
    signer = Signer.from_file(settings.keys_dir / "auth.pem")
    database = resources.database
    key_rows = PostgresKeys(database)
    keys = KeyRing(key_rows, signer)
    accounts, hasher = PostgresAccounts(database), Argon2Passwords()
    issuer = Issuer(
        SignedTokens(lambda: keys.signer, resources.clock, file_signer=signer), Policy()
    )
    google = GoogleClient(
        Provider(settings.google_url),
        resources.clock,
        client_id=settings.google_client_id,
        client_secret=settings.optional_secret("google-client-secret"),
    )
    credentials = Credentials(accounts, hasher, issuer.policy)
    identity = Identity(
        accounts,
        hasher,
        credentials=credentials,
        issuer=issuer,
        secrets=FileSecrets(settings),
    )
    return AuthService(
        identity=identity,
        verifications=Verifications(identity, resources.clock),
        passwords=Passwords(
            accounts,
            PostgresPasswords(database),
            credentials=credentials,
            passwords=hasher,
            seal=ResetSeal(lambda: settings.secret(SECRET_NAME)),
            issuer=issuer,
        ),
        administration=Administration(accounts, PostgresDirectory(database)),
        google_login=GoogleLogin(
            credentials,
            PostgresGoogleAccounts(database),
            google=google,
            seal=SignedGoogleSeal(
                resources.clock,
                signer=lambda: keys.signer,
                public_key=keys.public_key,
            ),
            issuer=issuer,
            redirect_uri=settings.google_redirect_uri,
        ),
        google=google,
        revocations=PostgresRevocations(database),
        accounts=accounts,
        keys=keys,
        key_rows=key_rows,
        settings=settings,
    )
