"""Finds what a cluster is made from: manifests in the checkout or the package, the Dockerfile in the checkout."""

from dataclasses import dataclass
from pathlib import Path

from tiketi_sdk.errors import ClusterError

_PACKAGED = Path(__file__).resolve().parents[2] / "tiketi_manifests"
"""Where an installed package carries a copy of the repository's `manifests/`: beside `tiketi_sdk`."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The files a cluster is made from."""

    manifests: Path
    root: Path | None
    """The checkout that images are built from; None where tiketi was installed from a package."""

    @property
    def kind_config(self) -> Path:
        """The cluster's shape."""
        return self.manifests / "kind" / "cluster.yaml"

    @property
    def secrets(self) -> Path:
        """Which Secrets the platform needs."""
        return self.manifests / "secrets.toml"

    def overlay(self, name: str) -> Path:
        """The folder of an overlay; `ClusterError` with the names there are."""
        overlays = self.manifests / "overlays"
        folder = overlays / name
        if "/" in name or not (folder / "kustomization.yaml").is_file():
            known = sorted(path.parent.name for path in overlays.glob("*/kustomization.yaml"))
            raise ClusterError(
                f"no overlay {name!r} in {overlays}", cure=f"--overlay {' | '.join(known)}"
            )
        return folder

    def checkout(self) -> Path:
        """The checkout; `ClusterError` where there is none to build from."""
        if self.root is None:
            raise ClusterError(
                "there is no checkout of tiketi here to build the image from",
                cure="give an image: --image NAME, or run it from a checkout",
            )
        return self.root


def find_sources(start: Path | None = None) -> Sources:
    """The checkout this module lies in, else the one around `start` (the current folder), else the package's own."""
    own = Path(__file__).resolve().parents[2]
    start = Path.cwd() if start is None else start.resolve()
    for root in (own, start, *start.parents):
        if (root / "manifests" / "kind" / "cluster.yaml").is_file() and (
            root / "platform" / "Dockerfile"
        ).is_file():
            return Sources(manifests=root / "manifests", root=root)
    if (_PACKAGED / "kind" / "cluster.yaml").is_file():
        return Sources(manifests=_PACKAGED, root=None)
    raise ClusterError(
        "neither manifests/ nor platform/Dockerfile of tiketi are to be found here",
        cure="run it from a checkout, or install the package whole",
    )
