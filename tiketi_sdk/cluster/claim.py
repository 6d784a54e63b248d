"""What this user made of the name: written before the first node is, so that nobody else's cluster is ever touched.

A cluster is ours that carries the mark of a finished one, or whose name this folder claims. All others are refused.
"""

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

from docker.models.containers import Container

from tiketi_sdk.cluster.engine import KIND_NETWORK, Engine
from tiketi_sdk.cluster.settings import LABEL, REGISTRY_IMAGE, ClusterSettings
from tiketi_sdk.errors import ClusterError

MARK: Final = "/kind/tiketi.json"
"""Written into the control plane once the cluster is whole: without it, it is half made."""


def mark_of(engine: Engine, settings: ClusterSettings) -> dict[str, Any] | None:
    """What the finished cluster says about its making; None where there is none, or it is half made."""
    control_plane = engine.container(settings.control_plane)
    text = None if control_plane is None else engine.read_file(control_plane, MARK)
    return None if text is None else dict(json.loads(text))


def claim(engine: Engine, settings: ClusterSettings) -> None:
    """Write down that the name is ours from now on, and what docker had before; an earlier claim stays."""
    path = _path(settings)
    if path.is_file():
        return
    settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    had = {
        "network": engine.network_subnets(KIND_NETWORK) is not None,
        "images": [each for each in _fetched(settings, ()) if engine.image_id(each)],
    }
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(had), "utf-8")
    fresh.replace(path)


def require_ours(engine: Engine, settings: ClusterSettings, nodes: Sequence[Container]) -> None:
    """`ClusterError` for nodes of that name that somebody else made."""
    if not nodes or _path(settings).is_file() or mark_of(engine, settings) is not None:
        return
    raise ClusterError(
        f"there is a Kind cluster {settings.name} that `tiketi cluster up` did not make: it stays as it is",
        cure=f"yours? kind delete cluster --name {settings.name}",
    )


def require_our_registry(container: Container | None, settings: ClusterSettings) -> None:
    """The same for the container of the registry."""
    if container is None or container.labels.get(LABEL) == settings.name:
        return
    raise ClusterError(
        f"the container {settings.registry_name} was not made by `tiketi cluster up`: it stays as it is",
        cure=f"yours? docker rm -f {settings.registry_name}",
    )


def had_network(settings: ClusterSettings) -> bool:
    """Whether docker had kind's network before; True where nobody wrote it down."""
    return bool((_read(settings) or {"network": True})["network"])


def fetched_images(settings: ClusterSettings, node_images: Collection[str]) -> list[str]:
    """Images of others that were not here before; none where nobody wrote it down."""
    had = _read(settings)
    return (
        []
        if had is None
        else [e for e in _fetched(settings, node_images) if e not in had["images"]]
    )


def _fetched(settings: ClusterSettings, node_images: Collection[str]) -> list[str]:
    """What docker is made to fetch where it is missing."""
    given = [each for each in (settings.node_image, settings.python_image) if each]
    return sorted({REGISTRY_IMAGE, *given, *node_images})


def _read(settings: ClusterSettings) -> dict[str, Any] | None:
    try:
        return dict(json.loads(_path(settings).read_text("utf-8")))
    except (OSError, ValueError):
        return None


def _path(settings: ClusterSettings) -> Path:
    return settings.folder / "claim"
