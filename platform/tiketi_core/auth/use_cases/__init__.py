"""What the auth service does, one class per subject."""

from tiketi_core.auth.use_cases.administration import Administration
from tiketi_core.auth.use_cases.credentials import Credentials
from tiketi_core.auth.use_cases.google import GoogleLogin
from tiketi_core.auth.use_cases.identity import Identity
from tiketi_core.auth.use_cases.issuer import Issuer
from tiketi_core.auth.use_cases.passwords import Passwords

__all__ = ["Administration", "Credentials", "GoogleLogin", "Identity", "Issuer", "Passwords"]
