"""`python -m tiketi_platform secrets`: makes the secrets and keys a platform needs, once; never changes one.

For containers beside each other that share a volume. A cluster has Secrets of its own
(manifests/secrets.toml names the same files), and an embedded platform its data folder.
"""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tiketi_platform.adapters.postgres import bootstrap
from tiketi_sdk.contract.services import SERVICES

SIGNING_SERVICES: Final = ("auth", "queue", "reservation")
PASSWORDS: Final = (
    "postgres",
    "valkey",
    *(f"{service}-database" for service in bootstrap.SERVICES),
    *(f"{service}-service" for service in SERVICES),
    "admin-password",
    "google-client-secret",
    "s3-access-key",
    "s3-secret-key",
    "toss-secret-key",
)
_SECRET_BYTES: Final = 32
_MODE: Final = 0o440
"""For the owner and its group: the stores read theirs as users of their own."""


def ensure(secrets_dir: Path, keys_dir: Path) -> list[str]:
    """Make what is missing in two folders that are there; the names of what was made."""
    wanted = {
        **{secrets_dir / name: _password for name in PASSWORDS},
        **{keys_dir / f"{service}.pem": _key for service in SIGNING_SERVICES},
    }
    return [path.name for path, make in wanted.items() if _create(path, make)]


def _password() -> bytes:
    return secrets.token_urlsafe(_SECRET_BYTES).encode()


def _key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _create(path: Path, make: Callable[[], bytes]) -> bool:
    """Whether this call made it: whole or not at all, and never over one that is there."""
    if path.exists():
        return False
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    with fresh.open("wb") as file:
        file.write(make())
        file.flush()
        # A name that outlives a power cut while its content does not would be an empty password.
        os.fsync(file.fileno())
    fresh.chmod(_MODE)
    try:
        os.link(fresh, path)
    except FileExistsError:
        return False
    finally:
        fresh.unlink()
    return True
