"""The local registry: a container on this machine's loopback that the nodes know by the same name."""

import time
from typing import Final

from docker.models.containers import Container

from tiketi_sdk.cluster import registry
from tiketi_sdk.cluster.claim import claim, require_our_registry
from tiketi_sdk.cluster.engine import KIND_NETWORK
from tiketi_sdk.cluster.site import Site
from tiketi_sdk.cluster.step import Standing, Tell
from tiketi_sdk.errors import ClusterError

ANSWER_S: Final = 30.0
_POLL_S: Final = 0.1
_HOSTS: Final = "/etc/containerd/certs.d"


class RegistryStep:
    """The container, running and answering."""

    name = "registry"
    title = "Registry"
    needs = ("preflight",)

    def __init__(self, site: Site) -> None:
        self._site = site
        self._settings = site.settings

    def check(self) -> Standing:
        container = self._site.engine.container(self._settings.registry_name)
        require_our_registry(container, self._settings)
        if container is None:
            return Standing(done=False, note="there is none yet")
        if container.status != "running" or not registry.answers(self._settings.registry_address):
            return Standing(done=False, note=f"its container is {container.status}")
        return Standing(done=True, note=f"at {self._settings.registry_address}")

    def apply(self, tell: Tell) -> str:
        container = self._site.engine.container(self._settings.registry_name)
        if container is None or container.status == "created":
            if container is not None:
                # Cut short before it was started once; nothing is in it.
                self._site.engine.remove(container)
            claim(self._site.engine, self._settings)
            tell("starting its container")
            self._site.engine.run_registry(self._settings.registry_name, self._settings.name, tell)
        elif container.status != "running":
            tell("starting its container")
            self._site.engine.start(container)
        self._wait()
        return f"at {self._settings.registry_address}"

    def _wait(self) -> None:
        deadline_s = time.monotonic() + ANSWER_S
        while not registry.answers(self._settings.registry_address):
            if time.monotonic() > deadline_s:
                raise ClusterError(
                    f"the registry does not answer at {self._settings.registry_address}",
                    cure=f"docker logs {self._settings.registry_name}",
                )
            self._site.stop.pause(_POLL_S)


class WiringStep:
    """Registry and nodes on one network, each node told where localhost:5000 and docker.io are to be had."""

    name = "wiring"
    title = "Registry in the nodes"
    needs = ("cluster", "registry")

    def __init__(self, site: Site) -> None:
        self._site = site
        self._settings = site.settings

    def check(self) -> Standing:
        container = self._container()
        if KIND_NETWORK not in self._site.engine.networks_of(container):
            return Standing(done=False, note="not on the nodes' network")
        for node in self._site.engine.nodes(self._settings.name):
            for path, text in self._files().items():
                if self._site.engine.read_file(node, path) != text:
                    return Standing(done=False, note=f"{node.name} does not know it")
        return Standing(done=True, note="known to every node")

    def apply(self, tell: Tell) -> str:
        self._site.engine.connect(self._container(), KIND_NETWORK)
        nodes = self._site.engine.nodes(self._settings.name)
        for node in nodes:
            tell(f"telling {node.name}")
            for path, text in self._files().items():
                self._site.engine.write_file(node, path, text)
        return f"known to {len(nodes)} nodes"

    def _container(self) -> Container:
        container = self._site.engine.container(self._settings.registry_name)
        assert container is not None, "the registry's step comes first"
        return container

    def _files(self) -> dict[str, str]:
        """Path in a node → what containerd reads there."""
        inside = f"http://{self._settings.registry_name}:5000"
        mirror = f'[host."{inside}"]\n  capabilities = ["pull", "resolve"]\n'
        return {
            f"{_HOSTS}/{self._settings.registry_address}/hosts.toml": f'[host."{inside}"]\n',
            # What was pushed for the cluster is found here first, whatever this machine reaches.
            f"{_HOSTS}/docker.io/hosts.toml": f'server = "https://registry-1.docker.io"\n\n{mirror}',
        }
