"""Asks a registry what it has, over its HTTP interface; pushes and pulls nothing."""

import urllib.error
import urllib.request
from typing import Final

_TIMEOUT_S: Final = 5.0
_MANIFESTS: Final = (
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.oci.image.index.v1+json"
)


def answers(address: str) -> bool:
    """Whether a registry speaks there. `address` is `host:port`."""
    return _get(f"http://{address}/v2/") is not None


def digest_of(address: str, repository: str, tag: str) -> str | None:
    """`sha256:…` of an image in the registry; None where it has none or does not answer."""
    return _get(f"http://{address}/v2/{repository}/manifests/{tag}", method="HEAD")


def _get(url: str, *, method: str = "GET") -> str | None:
    request = urllib.request.Request(url, method=method, headers={"Accept": _MANIFESTS})  # noqa: S310  # http, ours
    # Never through the user's proxy: the registry is on this machine's loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_TIMEOUT_S) as answer:
            return str(answer.headers.get("Docker-Content-Digest", ""))
    except (OSError, urllib.error.HTTPError):
        return None
