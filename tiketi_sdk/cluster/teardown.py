"""Takes a cluster away with everything that was made for it; what was there before stays. Safe to repeat."""

import contextlib
import shutil
from dataclasses import dataclass

from tiketi_sdk.cluster.claim import (
    fetched_images,
    had_network,
    require_our_registry,
    require_ours,
)
from tiketi_sdk.cluster.engine import KIND_NETWORK
from tiketi_sdk.cluster.image import REPOSITORY
from tiketi_sdk.cluster.settings import BUILD_LABEL, LABEL
from tiketi_sdk.cluster.site import Site
from tiketi_sdk.cluster.step import Tell
from tiketi_sdk.cluster.steps.nodes import delete_nodes
from tiketi_sdk.errors import ProfileNotFoundError
from tiketi_sdk.profiles import delete_profile


@dataclass(frozen=True, slots=True)
class Removed:
    """What `take_down` found to remove."""

    nodes_count: int
    registry: bool
    images_count: int
    network: bool
    profile: bool

    @property
    def nothing(self) -> bool:
        """Whether there was nothing at all."""
        return not (
            self.nodes_count or self.registry or self.images_count or self.network or self.profile
        )


def take_down(site: Site, tell: Tell, *, keep_registry: bool = False) -> Removed:
    """Remove nodes, registry, the images built, pushed and fetched for it, the profile and the kubeconfig.

    With `keep_registry` the registry and the images stay, so that the next `up` has them. Docker's network
    `kind` goes when it was not there before and no other container, running or not, uses it. Raises
    `ClusterError` when docker does not answer, and for a cluster or a registry that somebody else made.
    """
    with site.alone():
        engine, settings = site.engine, site.settings
        nodes = engine.nodes(settings.name)
        require_ours(engine, settings, nodes)
        node_images = [name for node in nodes if (name := str(node.attrs["Config"]["Image"]))]
        if nodes:
            tell(f"removing {len(nodes)} nodes")
        # Also without nodes: an entry in the kubeconfig may be left.
        delete_nodes(site)
        registry, images_count = False, 0
        if not keep_registry:
            registry = _remove_registry(site, tell)
            images_count = _remove_images(site, node_images, tell)
        network = not had_network(settings) and engine.remove_network_if_idle(KIND_NETWORK)
        profile = _remove_profile(settings.profile)
        if not keep_registry:
            shutil.rmtree(settings.folder, ignore_errors=True)
    return Removed(len(nodes), registry, images_count, network, profile)


def _remove_registry(site: Site, tell: Tell) -> bool:
    container = site.engine.container(site.settings.registry_name)
    require_our_registry(container, site.settings)
    if container is None:
        return False
    tell("removing the registry")
    site.engine.remove(container)
    return True


def _remove_images(site: Site, node_images: list[str], tell: Tell) -> int:
    """Ours by their name in the registry or by label, and what docker had to fetch."""
    engine, settings = site.engine, site.settings
    ours = f"{settings.registry_address}/{REPOSITORY}:"
    references = [
        reference
        for reference, labels in engine.images()
        if reference.startswith(ours) and labels.get(LABEL, settings.name) == settings.name
    ]
    references += [each for each in fetched_images(settings, node_images) if engine.image_id(each)]
    if references:
        tell(f"removing {len(references)} images")
    for reference in references:
        engine.untag(reference)
    return len(references) + engine.prune_labelled(BUILD_LABEL)


def _remove_profile(name: str) -> bool:
    with contextlib.suppress(ProfileNotFoundError):
        delete_profile(name)
        return True
    return False
