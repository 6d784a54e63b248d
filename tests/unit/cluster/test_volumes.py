"""Volumes: which node's folders they are, when they are made, and when they are emptied."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from tiketi_sdk.cluster import ClusterSettings, Site
from tiketi_sdk.cluster.kind_config import config_of
from tiketi_sdk.cluster.kube import APPLIED
from tiketi_sdk.cluster.rendering import Manifests, parse
from tiketi_sdk.cluster.sources import find_sources
from tiketi_sdk.cluster.steps.volumes import VolumesStep, takes
from tiketi_sdk.errors import ClusterError

KEEPER = {"tiketi.dev/stores": "true"}


def volume(name: str) -> dict[str, Any]:
    expression = {"key": "tiketi.dev/stores", "operator": "In", "values": ["true"]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "local": {"path": f"/kept/{name}"},
            "nodeAffinity": {
                "required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
            },
        },
    }


class Cluster:
    """The API as the step sees it: nodes, volumes with their phase, annotations of the namespace."""

    def __init__(self) -> None:
        self.labels: dict[str, dict[str, str]] = {"plane": {}, "first": KEEPER, "second": {}}
        self.phases: dict[str, str] = {}
        self.noted: dict[str, str] = {}

    def annotations(self) -> dict[str, str]:
        return self.noted

    def annotate(self, key: str, value: str | None) -> None:
        self.noted = {
            name: text for name, text in {**self.noted, key: value}.items() if text is not None
        }

    def volumes(self) -> list[Any]:
        return [
            SimpleNamespace(
                metadata=SimpleNamespace(name=name), status=SimpleNamespace(phase=phase)
            )
            for name, phase in self.phases.items()
        ]

    def nodes(self) -> list[Any]:
        return [
            SimpleNamespace(metadata=SimpleNamespace(name=name, labels=labels))
            for name, labels in self.labels.items()
        ]

    def close(self) -> None:
        """As a connection is closed."""


class Docker:
    """Containers in which folders are made, looked for and removed."""

    def __init__(self) -> None:
        self.folders: set[str] = set()
        self.full = False

    def nodes(self, _cluster: str) -> list[Any]:
        return [SimpleNamespace(name=name) for name in ("plane", "first", "second")]

    def succeeds(self, node: Any, *command: str) -> bool:
        paths = {f"{node.name}:{word}" for word in command if word.startswith("/")}
        if command[0] == "mkdir":
            self.folders |= set() if self.full else paths
            return not self.full
        if command[0] == "rm":
            self.folders -= paths
            return True
        return paths <= self.folders

    def image_id(self, _reference: str) -> None:
        return None

    def close(self) -> None:
        """As a connection is closed."""


class Here(Site):
    """A site with these, whose kubectl does what the step asks of it."""

    def __init__(self, folder: Path, manifests: Manifests) -> None:
        super().__init__(ClusterSettings(folder=folder, image="example.com/tiketi:1"))
        self.api, self.docker = Cluster(), Docker()
        for name, value in {"_kube": self.api, "_engine": self.docker}.items():
            setattr(self, name, value)
        self.__dict__["_manifests"] = manifests

    def kubectl(self, *arguments: str, stdin: str | None = None, timeout_s: float = 60.0) -> str:
        if arguments[0] == "apply":
            for name in self.manifests.volumes.names("PersistentVolume"):
                self.api.phases.setdefault(name, "Available")
        if arguments[0] == "delete":
            for name in arguments[2:]:
                del self.api.phases[name]
        return "".join(f"persistentvolume/{name}\n" for name in self.api.phases)


@pytest.fixture
def site(tmp_path: Path) -> Here:
    return Here(tmp_path, parse(yaml.safe_dump_all([volume("books"), volume("mail")])))


FOLDERS = {"first:/kept/books", "first:/kept/mail"}


def applied(site: Here) -> list[str]:
    told: list[str] = []
    assert VolumesStep(site).apply(told.append) == "2 kept"
    return told


def test_folders_are_made_where_the_label_is_and_nothing_again(site):
    step = VolumesStep(site)
    assert step.check().note == "not applied yet"
    applied(site)
    assert site.docker.folders == FOLDERS
    assert step.check().done


def test_a_folder_that_is_gone_is_made_again(site):
    applied(site)
    site.docker.folders.remove("first:/kept/mail")
    assert VolumesStep(site).check().note == "not on first yet"
    applied(site)
    assert site.docker.folders == FOLDERS


def test_what_is_in_use_keeps_what_it_has(site):
    applied(site)
    site.api.phases["books"] = "Bound"
    site.docker.folders.add("first:/kept/books/a page")
    site.api.annotate(f"{APPLIED}volumes", "of another version")
    assert VolumesStep(site).check().note == "changed"
    applied(site)
    assert "first:/kept/books/a page" in site.docker.folders
    assert site.api.phases["books"] == "Bound"


def test_one_whose_claim_was_deleted_is_emptied_and_offered_anew(site):
    applied(site)
    site.api.phases["books"] = "Released"
    assert VolumesStep(site).check().note == "not to be claimed: books"
    assert "emptying books: deleted with what it was for" in applied(site)
    assert site.api.phases == {"books": "Available", "mail": "Available"}
    assert site.docker.folders == FOLDERS


def test_without_a_node_for_it_the_cure_is_told(site):
    site.api.labels["first"] = {}
    with pytest.raises(ClusterError, match="no node is labelled for books") as refused:
        applied(site)
    assert "up again" in refused.value.cure


def test_a_node_that_cannot_make_the_folder_is_named(site):
    site.docker.full = True
    with pytest.raises(ClusterError, match="mkdir fails on first") as refused:
        applied(site)
    assert "docker exec first mkdir" in refused.value.cure


def test_an_overlay_without_volumes_has_nothing_to_do(tmp_path):
    site = Here(tmp_path, parse(""))
    step = VolumesStep(site)
    step.apply(lambda _line: None)
    assert step.check().note == "the overlay has none"


@pytest.mark.parametrize("workers_count", [0, 1, 2, 3])
def test_one_node_of_every_cluster_keeps_what_the_overlay_wants_kept(tmp_path, workers_count):
    sources = find_sources()
    settings = ClusterSettings(folder=tmp_path, workers_count=workers_count)
    nodes = config_of(sources.kind_config, settings)["nodes"]
    assert len(nodes) == 1 + workers_count
    text = (sources.overlay("local") / "volumes.yaml").read_text(encoding="utf-8")
    volumes = parse(text).volumes.objects
    assert volumes
    for each in volumes:
        assert [takes(each, node.get("labels", {})) for node in nodes].count(True) == 1
