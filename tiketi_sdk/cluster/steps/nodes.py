"""The Kind cluster itself: its nodes made, running and Ready. Never touches a cluster of another name."""

import hashlib
import json
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import yaml
from docker.models.containers import Container

from tiketi_sdk.cluster.programs import ProgramError, run, stream
from tiketi_sdk.cluster.site import Site
from tiketi_sdk.cluster.step import Standing, Tell
from tiketi_sdk.errors import ClusterError

MARK: Final = "/kind/tiketi.json"
"""Written into the control plane once the cluster is whole: without it, it is half made."""
READY_S: Final = 120.0
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
        nodes = self._site.engine.nodes(self._settings.name)
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
        nodes = self._site.engine.nodes(self._settings.name)
        if not nodes or not self._is_whole(nodes):
            self._make(tell)
        else:
            for node in nodes:
                if node.status != "running":
                    tell(f"starting {node.name}")
                    node.start()
            self._write_kubeconfig()
        self._wait_ready(tell)
        return f"{self._settings.nodes_count} nodes Ready, {self._site.kube.version()}"

    def _is_whole(self, nodes: list[Container]) -> bool:
        """Whether it was finished once; `ClusterError` if it is whole and not what is asked for."""
        control_plane = self._site.engine.container(self._settings.control_plane)
        if control_plane is None:
            return False
        text = self._site.engine.read_file(control_plane, MARK)
        if text is None or len(nodes) != json.loads(text)["nodes_count"]:
            return False
        if json.loads(text)["shape"] != self._shape():
            raise ClusterError(
                f"cluster {self._settings.name} was made with other settings (its workers, its node"
                " image or manifests/kind/cluster.yaml)",
                cure="tiketi cluster down --keep-registry, then up again",
            )
        return True

    def _make(self, tell: Tell) -> None:
        self._settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for attempt in (1, 2):
            self._delete()
            try:
                self._create(tell)
            except ProgramError as error:
                told = "\n".join(error.details)
                # A container that a killed run was about to make appeared after we had looked.
                if attempt == 2 or not any(text in told for text in _TAKEN):
                    raise ClusterError(
                        "kind could not create the cluster",
                        cure="tiketi cluster doctor",
                        details=error.details,
                    ) from None
            else:
                break
        control_plane = self._site.engine.container(self._settings.control_plane)
        assert control_plane is not None, "kind has just made it"
        mark = {"shape": self._shape(), "nodes_count": self._settings.nodes_count}
        self._site.engine.write_file(control_plane, MARK, json.dumps(mark))

    def _create(self, tell: Tell) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", prefix="tiketi-kind-") as file:
            yaml.safe_dump(self._config(), file)
            file.flush()
            command = ["kind", "create", "cluster", "--name", self._settings.name]
            command += ["--config", file.name, "--kubeconfig", str(self._settings.kubeconfig)]
            if self._settings.node_image:
                command += ["--image", self._settings.node_image]
            stream(command, lambda line: tell(line.strip("•✓ ")))
        self._settings.kubeconfig.chmod(0o600)
        self._site.forget_kube()

    def _delete(self) -> None:
        # Also without nodes: kind takes its entry out of the kubeconfig.
        delete_nodes(self._site)

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
            time.sleep(_POLL_S)

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
        """`manifests/kind/cluster.yaml` with as many workers as asked for."""
        config = dict(read_config(self._site.sources.kind_config))
        workers = [node for node in config["nodes"] if node["role"] == "worker"]
        others = [node for node in config["nodes"] if node["role"] != "worker"]
        # A new object each: one that is named twice would be written as an anchor.
        more = [{"role": "worker"} for _ in range(self._settings.workers_count - len(workers))]
        config["nodes"] = [*others, *workers[: self._settings.workers_count], *more]
        return config

    def _shape(self) -> str:
        """Changes with everything a cluster cannot change while it lives."""
        text = json.dumps([self._config(), self._settings.node_image], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_config(path: Path) -> dict[str, Any]:
    """A kind configuration."""
    config = yaml.safe_load(path.read_text("utf-8"))
    assert isinstance(config, dict), "a kind configuration is a mapping"
    return config


def delete_nodes(site: Site) -> None:
    """Delete the cluster of this name and its entry in its own kubeconfig; none is fine."""
    command = ["kind", "delete", "cluster", "--name", site.settings.name]
    run([*command, "--kubeconfig", str(site.settings.kubeconfig)], timeout_s=180)
    site.settings.kubeconfig.unlink(missing_ok=True)
    site.forget_kube()
