"""Volumes for what keeps data: folders of a node, made empty, and written down in the cluster before anybody claims them.

What is in a folder is never touched while its claim lives. A volume whose claim was deleted is emptied, as the
volumes are that a cluster makes by itself.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from docker.models.containers import Container

from tiketi_sdk.cluster.rendering import Object, Stage
from tiketi_sdk.cluster.step import Standing, Tell
from tiketi_sdk.cluster.steps.objects import StageStep
from tiketi_sdk.errors import ClusterError

KNOWN_S: Final = 60.0
_POLL_S: Final = 0.2
_GIVEN_BACK: Final = frozenset({"Released", "Failed"})
"""Phases of a volume that no claim will get any more."""
_USABLE: Final = frozenset({"Available", "Bound"})


class VolumesStep(StageStep):
    """Every PersistentVolume of the overlay, with the folder it stands for."""

    name = "volumes"
    title = "Volumes"
    needs: tuple[str, ...] = ("secrets",)

    def _stage(self) -> Stage:
        return self._site.manifests.volumes

    def _standing(self, stage: Stage) -> Standing:
        names = stage.names("PersistentVolume")
        if not names:
            return Standing(done=True, note="the overlay has none")
        if unusable := self._unusable(stage):
            return Standing(done=False, note=f"not to be claimed: {', '.join(unusable)}")
        for node, paths in self._folders(stage):
            if not self._site.engine.succeeds(node, "ls", "-d", *paths):
                return Standing(done=False, note=f"not on {node.name} yet")
        return Standing(done=True, note=f"{len(names)} kept")

    def _before(self, stage: Stage, tell: Tell) -> None:
        phases = self._phases(stage)
        gone = [each for each in stage.objects if phases.get(_name(each)) in _GIVEN_BACK]
        if gone:
            tell(f"emptying {', '.join(map(_name, gone))}: deleted with what it was for")
            self._site.kubectl("delete", "persistentvolume", *map(_name, gone))
            self._on_nodes(Stage(stage.name, tuple(gone)), "rm", "-rf")
        tell("making folders")
        # Nobody's but root's until the kubelet gives it to the group of its Pod.
        self._on_nodes(stage, "mkdir", "-p", "-m", "0700")

    def _after(self, stage: Stage, tell: Tell) -> None:
        deadline_s = time.monotonic() + KNOWN_S
        tell("waiting until the cluster knows them")
        # A claim that came first would be given a volume of the class's own making.
        while left := self._unusable(stage):
            if time.monotonic() > deadline_s:
                raise ClusterError(
                    f"the cluster does not take these volumes: {', '.join(left)}",
                    cure="tiketi cluster doctor",
                )
            self._site.stop.pause(_POLL_S)

    def _unusable(self, stage: Stage) -> list[str]:
        phases = self._phases(stage)
        names = stage.names("PersistentVolume")
        return [name for name in names if phases.get(name) not in _USABLE]

    def _phases(self, stage: Stage) -> dict[str, str]:
        wanted = set(stage.names("PersistentVolume"))
        found = self._site.kube.volumes() if wanted else []
        return {
            str(each.metadata.name): str(each.status.phase)
            for each in found
            if each.metadata.name in wanted
        }

    def _on_nodes(self, stage: Stage, *command: str) -> None:
        """Run a command with the paths of the stage's folders, wherever they are to be."""
        for node, paths in self._folders(stage):
            if not self._site.engine.succeeds(node, *command, *paths):
                raise ClusterError(
                    f"{command[0]} fails on {node.name}: {', '.join(paths)}",
                    cure=f"see why: docker exec {node.name} {' '.join((*command, *paths))}",
                )

    def _folders(self, stage: Stage) -> Iterator[tuple[Container, list[str]]]:
        """Nodes and the folders that a `local` volume of the stage has there."""
        wanted = [each for each in stage.objects if "local" in each["spec"]]
        if not wanted:
            return
        labels = {
            str(node.metadata.name): dict(node.metadata.labels or {})
            for node in self._site.kube.nodes()
        }
        for each in wanted:
            if not any(takes(each, of_node) for of_node in labels.values()):
                raise ClusterError(
                    f"no node is labelled for {_name(each)}",
                    cure="tiketi cluster down --keep-registry, then up again",
                )
        for node in self._site.engine.nodes(self._site.settings.name):
            of_node = labels.get(str(node.name), {})
            paths = [str(each["spec"]["local"]["path"]) for each in wanted if takes(each, of_node)]
            if paths:
                yield node, paths


def takes(volume: Object, labels: Mapping[str, str]) -> bool:
    """Whether a node with these labels is one where the volume is; only `In` is understood."""
    terms: list[Any] = volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    return any(
        all(
            each["operator"] == "In" and labels.get(each["key"]) in each["values"]
            for each in term["matchExpressions"]
        )
        for term in terms
    )


def _name(volume: Object) -> str:
    return str(volume["metadata"]["name"])
