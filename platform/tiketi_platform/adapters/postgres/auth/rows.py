"""Rows of the auth schema as values; they leave the database as JSON with the names of the core's model."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from tiketi_core.auth import errors
from tiketi_core.auth.model import Account, Opened, OpenSession, Stored
from tiketi_core.kernel.errors import DomainError
from tiketi_core.kernel.ids import SessionId
from tiketi_platform.adapters.postgres.queries import Queries

SQL: Final = Queries.load("auth")
REFUSED: Final[tuple[type[DomainError], ...]] = (
    errors.EmailTakenError,
    errors.TooManyFailuresError,
    errors.BadCredentialsError,
    errors.AccountDisabledError,
    errors.LastAdminError,
)
"""What the functions of sql/auth refuse with."""

Json = Mapping[str, Any]


def hash_of(token: str) -> bytes:
    """What is kept of a random token."""
    # 256 random bits cannot be guessed, so a fast hash keeps them as well as a slow one.
    return hashlib.sha256(token.encode()).digest()


def account(row: Json) -> Account:
    """From account_json."""
    return Account(**row)


def stored(row: Json) -> Stored:
    """An account with its hash."""
    return Stored(account=account(row["account"]), password_hash=row["password_hash"])


def opened(row: Json) -> Opened:
    """From session_json."""
    return Opened(account=account(row["account"]), session_id=SessionId(row["session_id"]))


def open_session(row: Json) -> OpenSession:
    """One line of the list of sessions."""
    return OpenSession(**row)
