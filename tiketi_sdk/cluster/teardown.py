"""Takes a cluster away with everything that was made for it; images that were there before stay. Safe to repeat."""

import contextlib
import shutil
from dataclasses import dataclass

from tiketi_sdk.cluster.engine import KIND_NETWORK
from tiketi_sdk.cluster.settings import BUILD_LABEL, PROFILE
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
    """Remove nodes, registry, the images built and pushed, the profile and the kubeconfig.

    With `keep_registry` the registry and the images stay, so that the next `up` has them. Docker's network
    `kind` goes when no other container uses it. Raises `ClusterError` when docker does not answer.
    """
    with site.alone():
        engine, settings = site.engine, site.settings
        nodes_count = len(engine.nodes(settings.name))
        if nodes_count:
            tell(f"removing {nodes_count} nodes")
        # Also without nodes: an entry in the kubeconfig may be left.
        delete_nodes(site)
        registry, images_count = False, 0
        if not keep_registry:
            registry = _remove_registry(site, tell)
            images_count = _remove_images(site, tell)
        network = engine.remove_network_if_idle(KIND_NETWORK)
        profile = _remove_profile()
    if not keep_registry:
        shutil.rmtree(settings.folder, ignore_errors=True)
    return Removed(nodes_count, registry, images_count, network, profile)


def _remove_registry(site: Site, tell: Tell) -> bool:
    container = site.engine.container(site.settings.registry_name)
    if container is None:
        return False
    tell("removing the registry")
    container.remove(force=True, v=True)
    return True


def _remove_images(site: Site, tell: Tell) -> int:
    """What carries our registry's address was tagged by us; what is left of builds is labelled."""
    references = site.engine.images_named(f"{site.settings.registry_address}/")
    if references:
        tell(f"removing {len(references)} images")
    for reference in references:
        site.engine.untag(reference)
    return len(references) + site.engine.prune_labelled(BUILD_LABEL)


def _remove_profile() -> bool:
    with contextlib.suppress(ProfileNotFoundError):
        delete_profile(PROFILE)
        return True
    return False
