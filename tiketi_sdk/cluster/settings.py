"""What a local cluster is to be: its name, size, image and folder. Only settings; nothing is opened here."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import platformdirs

CLUSTER_DEFAULT: Final = "tiketi-local"
OVERLAY_DEFAULT: Final = "local"
WORKERS_DEFAULT: Final = 2
WORKERS_MAX: Final = 8
NAMESPACE: Final = "tiketi"
PROFILE: Final = "local-cluster"
"""The profile of the cluster called `CLUSTER_DEFAULT`."""
REGISTRY_PORT: Final = 5000
REGISTRY_IMAGE: Final = "registry:2"
NODE_IMAGE_VARIABLE: Final = "TIKETI_KIND_IMAGE"
PYTHON_IMAGE_VARIABLE: Final = "TIKETI_PYTHON_IMAGE"
LABEL: Final = "dev.tiketi.cluster"
"""On every container and image that `up` makes; its value is the cluster's name."""
BUILD_LABEL: Final = "dev.tiketi.build"
"""On every stage that platform/Dockerfile leaves behind."""


_BY_NAME: Final = Path()
"""Stands for the folder that goes with the cluster's name."""
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?")
"""As kind and docker take it."""


def default_folder(name: str = CLUSTER_DEFAULT) -> Path:
    """`$XDG_DATA_HOME/tiketi/clusters/<name>`, or what stands for it on this system; not created here."""
    return platformdirs.user_data_path("tiketi", appauthor=False) / "clusters" / name


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSettings:
    """One cluster. Two with the same name are the same cluster."""

    name: str = CLUSTER_DEFAULT
    workers_count: int = WORKERS_DEFAULT
    """Beside the one control plane; 0 to `WORKERS_MAX`."""
    overlay: str = OVERLAY_DEFAULT
    """A folder of `manifests/overlays`."""
    image: str | None = None
    """An image of the services made elsewhere; None builds it from the checkout."""
    node_image: str | None = field(default_factory=lambda: os.environ.get(NODE_IMAGE_VARIABLE))
    """None: the one this version of kind was made for."""
    python_image: str | None = field(default_factory=lambda: os.environ.get(PYTHON_IMAGE_VARIABLE))
    """The base of the build; None: the one platform/Dockerfile names."""
    folder: Path = _BY_NAME
    """Holds the kubeconfig, the claim, the lock and nothing that cannot be made again; one for each name."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                f"a cluster's name is lower-case letters, digits and -, not {self.name!r}"
            )
        if not 0 <= self.workers_count <= WORKERS_MAX:
            raise ValueError(f"workers_count is 0 to {WORKERS_MAX}, not {self.workers_count}")
        if self.folder == _BY_NAME:
            object.__setattr__(self, "folder", default_folder(self.name))

    @property
    def profile(self) -> str:
        """The profile that `up` logs in to this cluster's platform as its administrator."""
        return PROFILE if self.name == CLUSTER_DEFAULT else f"{PROFILE}-{self.name}"

    @property
    def kubeconfig(self) -> Path:
        """The cluster's own kubeconfig; no other file is read or written."""
        return self.folder / "kubeconfig"

    @property
    def context(self) -> str:
        """The one context in it."""
        return f"kind-{self.name}"

    @property
    def control_plane(self) -> str:
        """The container of the control plane."""
        return f"{self.name}-control-plane"

    @property
    def registry_name(self) -> str:
        """The container of the registry."""
        return f"{self.name}-registry"

    @property
    def registry_address(self) -> str:
        """What images of the registry are named by, on this machine and in the nodes alike."""
        return f"localhost:{REGISTRY_PORT}"

    @property
    def nodes_count(self) -> int:
        """Control plane and workers."""
        return 1 + self.workers_count
