"""What the steps of one run share: settings, sources, connections opened when first needed, the rendered manifests."""

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Final, Self

from tiketi_sdk.cluster.engine import Engine
from tiketi_sdk.cluster.image import REPOSITORY, ImageName, content_tag, in_registry
from tiketi_sdk.cluster.kube import Kube
from tiketi_sdk.cluster.programs import run
from tiketi_sdk.cluster.rendering import Manifests, parse
from tiketi_sdk.cluster.settings import NAMESPACE, ClusterSettings
from tiketi_sdk.cluster.sources import Sources, find_sources
from tiketi_sdk.cluster.stopping import Stop
from tiketi_sdk.errors import ClusterError

try:
    import fcntl
except ImportError:  # Windows: two commands at once are not kept apart there
    fcntl = None  # type: ignore[assignment]

_ID_LENGTH: Final = 12


class Site:
    """One cluster being worked on. Use it in a `with` block."""

    def __init__(self, settings: ClusterSettings, *, sources: Sources | None = None) -> None:
        self.settings = settings
        self._sources = sources
        self._kube: Kube | None = None
        self._engine: Engine | None = None
        self._lock = threading.RLock()
        self.stop = Stop()
        """Set it to have what is under way end early."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._kube is not None:
            self._kube.close()
        if self._engine is not None:
            self._engine.close()

    @cached_property
    def sources(self) -> Sources:
        """The manifests and, in a checkout, what to build from."""
        return self._sources or find_sources()

    @property
    def engine(self) -> Engine:
        """Docker. Raises `ClusterError` when it does not answer."""
        with self._lock:
            if self._engine is None:
                self._engine = Engine.open()
            return self._engine

    @property
    def kube(self) -> Kube:
        """The cluster's API. Raises `ClusterError` while there is no cluster."""
        with self._lock:
            if self._kube is None:
                self._kube = Kube.open(
                    self.settings.kubeconfig, context=self.settings.context, namespace=NAMESPACE
                )
            return self._kube

    def forget_kube(self) -> None:
        """The cluster was made anew: the next use connects again."""
        with self._lock:
            if self._kube is not None:
                self._kube.close()
            self._kube = None

    @property
    def image(self) -> ImageName:
        """What the Pods of the services shall run."""
        with self._lock:
            return self._image

    @cached_property
    def _image(self) -> ImageName:
        given = self.settings.image
        if given is None:
            root = self.sources.checkout()
            tag = content_tag(root, self.settings)
            return in_registry(self.settings.registry_address, REPOSITORY, tag)
        name = ImageName.parse(given)
        if name.name.startswith(f"{self.settings.registry_address}/"):
            return name
        found = self.engine.image_id(given)
        if found is None:
            # Not of this machine: the nodes fetch it by themselves.
            return name
        tag = found.removeprefix("sha256:")[:_ID_LENGTH]
        return in_registry(self.settings.registry_address, REPOSITORY, tag)

    @property
    def manifests(self) -> Manifests:
        """The overlay, rendered with the image's name."""
        with self._lock:
            return self._manifests

    @cached_property
    def _manifests(self) -> Manifests:
        return render(self.sources.overlay(self.settings.overlay), self.image)

    def kubectl(self, *arguments: str, stdin: str | None = None, timeout_s: float = 60.0) -> str:
        """What kubectl says, asked about this cluster and no other."""
        return run([*self.kubectl_command(), *arguments], stdin=stdin, timeout_s=timeout_s)

    def kubectl_command(self) -> list[str]:
        """`kubectl` with the file, the context and the namespace it is to use."""
        settings = self.settings
        named = ["--kubeconfig", str(settings.kubeconfig), "--context", settings.context]
        return ["kubectl", *named, "--namespace", NAMESPACE]

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else changes this cluster meanwhile; `ClusterError` if somebody does already."""
        folder = self.settings.folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (folder / "lock").open("wb") as lock:
            if fcntl is not None:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise ClusterError(
                        f"another command is changing cluster {self.settings.name}",
                        cure="wait for it to end",
                    ) from None
            yield


def render(overlay: Path, image: ImageName) -> Manifests:
    """All objects of an overlay, the services' image replaced by `image`."""
    with tempfile.TemporaryDirectory(prefix="tiketi-") as folder:
        # Kustomize takes folders by relative path only, and through no symbolic link.
        here = Path(folder).resolve()
        relative = os.path.relpath(overlay.resolve(), here)
        lines = [
            "apiVersion: kustomize.config.k8s.io/v1beta1",
            "kind: Kustomization",
            # `resources` is its name since 2.1; kubectl 1.20 has an older Kustomize.
            f"bases: [{_quoted(relative)}]",
            f"images: [{{name: {REPOSITORY}, newName: {_quoted(image.name)}, newTag: {_quoted(image.tag)}}}]",
        ]
        (here / "kustomization.yaml").write_text("\n".join(lines) + "\n", "utf-8")
        return parse(run(["kubectl", "kustomize", str(here)]))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
