"""The Kind cluster itself: its nodes made, running and Ready. Never touches a cluster of another name, or of other people."""

import json
import os
import tempfile
import time
from typing import Any, Final

import yaml
from docker.models.containers import Container

from tiketi_sdk.cluster.claim import MARK, claim, mark_of, require_ours
from tiketi_sdk.cluster.kind_config import config_of, shape_of
from tiketi_sdk.cluster.programs import ProgramError, run, stream
from tiketi_sdk.cluster.site import Site
from tiketi_sdk.cluster.step import Standing, Tell
from tiketi_sdk.errors import ClusterError

READY_S: Final = 120.0
CREATE_S: Final = 900.0
"""Kind may have to fetch the node's image."""
_POLL_S: Final = 0.5
_TAKEN: Final = ("already in use", "already exist")


class NodesStep:
    """One control plane and the workers asked for."""

    name = "cluster"
    title = "Kind cluster"
    needs = ("preflight",)

    def __init__(self, site: Site) -> None:
        self._site = site
        self._settings = site.settings

    def check(self) -> Standing:
        nodes = self._nodes()
        if not nodes:
            return Standing(done=False, note="there is none yet")
        if not self._is_whole(nodes):
            return Standing(done=False, note="half made: it is made anew")
        stopped = [str(node.name) for node in nodes if node.status != "running"]
        if stopped:
            return Standing(done=False, note=f"stopped: {', '.join(stopped)}")
        if not self._settings.kubeconfig.is_file() or not self._site.kube.is_up():
            return Standing(done=False, note="its API does not answer")
        unready = self._unready()
        if unready:
            return Standing(done=False, note=f"not Ready: {', '.join(unready)}")
        return Standing(done=True, note=f"{len(nodes)} nodes Ready, {self._site.kube.version()}")

    def apply(self, tell: Tell) -> str:
        nodes = self._nodes()
        claim(self._site.engine, self._settings)
        if not nodes or not self._is_whole(nodes):
            self._make(tell)
        else:
            for node in nodes:
                if node.status != "running":
                    tell(f"starting {node.name}")
                    self._site.engine.start(node)
            self._write_kubeconfig()
        self._wait_ready(tell)
        return f"{self._settings.nodes_count} nodes Ready, {self._site.kube.version()}"

    def _nodes(self) -> list[Container]:
        """Containers of this name's cluster; `ClusterError` if somebody else made them."""
        nodes = self._site.engine.nodes(self._settings.name)
        require_ours(self._site.engine, self._settings, nodes)
        return nodes

    def _is_whole(self, nodes: list[Container]) -> bool:
        """Whether it was finished once; `ClusterError` if it is whole and not what is asked for."""
        mark = mark_of(self._site.engine, self._settings)
        if mark is None:
            return False
        name = self._settings.name
        if len(nodes) != mark["nodes_count"]:
            # What a lost node kept is lost; what the others keep is not to be thrown after it unasked.
            there = ", ".join(str(node.name) for node in nodes)
            raise ClusterError(
                f"cluster {name} was made with {mark['nodes_count']} nodes; left are {there}",
                cure="save what you need, then: tiketi cluster down --keep-registry, then up again",
            )
        if mark["shape"] != shape_of(self._config(), self._settings):
            raise ClusterError(
                f"cluster {name} was made with other settings (its workers, its node"
                " image or manifests/kind/cluster.yaml)",
                cure="tiketi cluster down --keep-registry, then up again",
            )
        return True

    def _make(self, tell: Tell) -> None:
        for attempt in (1, 2):
            # Also without nodes: kind takes its entry out of the kubeconfig.
            delete_nodes(self._site)
            try:
                self._create(tell)
            except ProgramError as error:
                told = "\n".join(error.details)
                # A container that a killed run was about to make appeared after we had looked.
                if attempt == 2 or not any(text in told for text in _TAKEN):
                    raise ClusterError(
                        f"kind could not create the cluster: {error}",
                        cure="tiketi cluster doctor",
                        details=error.details,
                    ) from None
            else:
                break
        control_plane = self._site.engine.container(self._settings.control_plane)
        assert control_plane is not None, "kind has just made it"
        shape = shape_of(self._config(), self._settings)
        mark = {"shape": shape, "nodes_count": self._settings.nodes_count}
        self._site.engine.write_file(control_plane, MARK, json.dumps(mark))

    def _create(self, tell: Tell) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", prefix="tiketi-kind-") as file:
            yaml.safe_dump(self._config(), file)
            file.flush()
            command = ["kind", "create", "cluster", "--name", self._settings.name]
            command += ["--config", file.name, "--kubeconfig", str(self._settings.kubeconfig)]
            if self._settings.node_image:
                command += ["--image", self._settings.node_image]
            stream(
                command,
                lambda line: tell(line.strip("•✓ ")),
                timeout_s=CREATE_S,
                stop=self._site.stop,
                env=self._beside_proxies(),
            )
        self._settings.kubeconfig.chmod(0o600)
        self._site.forget_kube()

    def _beside_proxies(self) -> dict[str, str]:
        """Kind gives its nodes the user's proxies; the registry is to be reached without."""
        had = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
        told = ",".join([*([had] if had else []), self._settings.registry_name])
        return {"NO_PROXY": told, "no_proxy": told}

    def _write_kubeconfig(self) -> None:
        command = ["kind", "export", "kubeconfig", "--name", self._settings.name]
        run([*command, "--kubeconfig", str(self._settings.kubeconfig)])
        self._settings.kubeconfig.chmod(0o600)
        self._site.forget_kube()

    def _wait_ready(self, tell: Tell) -> None:
        deadline_s = time.monotonic() + READY_S
        told: object = None
        while True:
            unready = self._unready() if self._site.kube.is_up() else ["the API"]
            if not unready:
                return
            if time.monotonic() > deadline_s:
                raise ClusterError(
                    f"not Ready after {READY_S:.0f} s: {', '.join(unready)}",
                    cure=f"docker logs {self._settings.control_plane}; tiketi cluster doctor",
                )
            if unready != told:
                tell(f"waiting for {', '.join(unready)}")
                told = unready
            self._site.stop.pause(_POLL_S)

    def _unready(self) -> list[str]:
        """Nodes that are missing or not Ready."""
        found = self._site.kube.nodes()
        ready = {
            str(node.metadata.name)
            for node in found
            if any(
                each.type == "Ready" and each.status == "True"
                for each in node.status.conditions or ()
            )
        }
        missing = self._settings.nodes_count - len(found)
        names = [str(node.metadata.name) for node in found if node.metadata.name not in ready]
        return [*names, *([f"{missing} more"] if missing > 0 else [])]

    def _config(self) -> dict[str, Any]:
        return config_of(self._site.sources.kind_config, self._settings)


def delete_nodes(site: Site) -> None:
    """Delete our cluster and its entry in its own kubeconfig; none is fine. `ClusterError` if it is not ours."""
    require_ours(site.engine, site.settings, site.engine.nodes(site.settings.name))
    command = ["kind", "delete", "cluster", "--name", site.settings.name]
    run([*command, "--kubeconfig", str(site.settings.kubeconfig)], timeout_s=180)
    site.settings.kubeconfig.unlink(missing_ok=True)
    site.forget_kube()
