"""What a refresh token is traded for: the same for one request, and nobody's guess without the server's key."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tiketi_platform.adapters.tokens.signer import Signer
from tiketi_platform.framework.clock import SystemClock
from tiketi_platform.services.auth.tokens import SignedTokens

FILE = Signer(Ed25519PrivateKey.generate())
SPENT, KEY = "a-spent-token", "a-key-of-the-request"


def tokens(file_signer: Signer = FILE) -> SignedTokens:
    """Of a replica with this key file, whatever key signs meanwhile."""
    signer = Signer(Ed25519PrivateKey.generate())
    return SignedTokens(lambda: signer, SystemClock(), file_signer=file_signer)


def test_every_replica_with_the_file_makes_the_same() -> None:
    assert tokens().refresh_after(SPENT, KEY) == tokens().refresh_after(SPENT, KEY)


def test_who_saw_the_request_but_has_not_the_file_makes_another() -> None:
    stranger = tokens(Signer(Ed25519PrivateKey.generate()))
    assert stranger.refresh_after(SPENT, KEY) != tokens().refresh_after(SPENT, KEY)


@pytest.mark.parametrize(
    ("spent", "key"),
    [(SPENT, KEY[:-1]), (SPENT[:-1], KEY), (SPENT + KEY[0], KEY[1:]), (KEY, SPENT)],
)
def test_another_request_makes_another(spent: str, key: str) -> None:
    assert tokens().refresh_after(spent, key) != tokens().refresh_after(SPENT, KEY)
