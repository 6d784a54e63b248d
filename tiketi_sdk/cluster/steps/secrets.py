"""The platform's Secrets: each value made once, of randomness, and kept for as long as the cluster lives."""

import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tiketi_sdk.cluster.kube import Kube
from tiketi_sdk.cluster.site import Site
from tiketi_sdk.cluster.step import Standing, Tell
from tiketi_sdk.errors import ClusterError

_SECRET_BYTES: Final = 32


class SecretsStep:
    """Every Secret of `manifests/secrets.toml`, with every key."""

    name = "secrets"
    title = "Secrets"
    needs = ("cluster",)

    def __init__(self, site: Site) -> None:
        self._site = site

    def check(self) -> Standing:
        wanted = read_secrets(self._site.sources.secrets)
        missing = _missing(self._site.kube, wanted)
        if missing:
            return Standing(done=False, note=f"to be made: {', '.join(missing)}")
        return Standing(done=True, note=f"{len(wanted)} kept as they are")

    def apply(self, tell: Tell) -> str:
        wanted = read_secrets(self._site.sources.secrets)
        kube = self._site.kube
        kube.ensure_namespace()
        missing = _missing(kube, wanted)
        for name, keys in missing.items():
            tell(f"making {name}")
            values = {key: _make(wanted[name][key]) for key in keys}
            kube.create_secret(name, values)
            # One that lacked some keys was not made by that.
            if set(kube.secret(name) or {}) < set(wanted[name]):
                kube.add_to_secret(name, values)
        return f"{len(missing)} made"


def read_secrets(path: Path) -> dict[str, dict[str, str]]:
    """Secret → key → how its value is made."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ClusterError(f"cannot read {path}: {error}") from None


def _missing(kube: Kube, wanted: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
    """Secret → its keys that are not there."""
    found = {}
    for name, keys in wanted.items():
        there = kube.secret(name) or {}
        if absent := [key for key in keys if key not in there]:
            found[name] = absent
    return found


def _make(kind: str) -> str:
    if kind == "password":
        return secrets.token_urlsafe(_SECRET_BYTES)
    if kind == "ed25519":
        return _signing_key()
    if kind.startswith("value:"):
        return kind.removeprefix("value:")
    raise ClusterError(f"manifests/secrets.toml asks for a {kind!r}, which nobody can make")


def _signing_key() -> str:
    """A private key, PKCS 8 in PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return (
        Ed25519PrivateKey.generate()
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )
