"""Only what `up` made is touched: a cluster, a registry, images and a network of somebody else stay as they are."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tiketi_sdk.cluster import ClusterSettings, Site
from tiketi_sdk.cluster.claim import MARK, claim, fetched_images, had_network
from tiketi_sdk.cluster.settings import LABEL, default_folder
from tiketi_sdk.cluster.steps.nodes import NodesStep
from tiketi_sdk.cluster.steps.registry import RegistryStep
from tiketi_sdk.cluster.teardown import take_down
from tiketi_sdk.errors import ClusterError


@dataclass
class Docker:
    """A docker engine that has what it is given."""

    names: list[str] = field(default_factory=list)
    mark: dict[str, Any] | None = None
    registry_label: str = ""
    references: dict[str, dict[str, str]] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)

    def nodes(self, _cluster: str) -> list[Any]:
        attrs = {"Config": {"Image": "kindest/node:v1"}}
        return [SimpleNamespace(name=name, status="running", attrs=attrs) for name in self.names]

    def container(self, name: str) -> Any:
        if name.endswith("-registry"):
            labels = {LABEL: self.registry_label}
            return SimpleNamespace(name=name, labels=labels, status="running")
        return SimpleNamespace(name=name) if name in self.names else None

    def read_file(self, _container: Any, path: str) -> str | None:
        assert path == MARK
        return None if self.mark is None else json.dumps(self.mark)

    def image_id(self, reference: str) -> str | None:
        return "id" if reference in self.references else None

    def images(self) -> list[tuple[str, dict[str, str]]]:
        return list(self.references.items())

    def network_subnets(self, _network: str) -> list[str] | None:
        return None

    def remove_network_if_idle(self, network: str) -> bool:
        self.removed.append(network)
        return True

    def remove(self, container: Any) -> None:
        self.removed.append(str(container.name))

    def untag(self, reference: str) -> None:
        self.removed.append(reference)

    def prune_labelled(self, _label: str) -> int:
        return 0


@pytest.fixture
def settings(tmp_path: Path) -> ClusterSettings:
    return ClusterSettings(name="other", node_image=None, python_image=None, folder=tmp_path / "f")


def site_of(settings: ClusterSettings, docker: Docker) -> Site:
    site = Site(settings)
    site._engine = docker  # type: ignore[assignment]  # as much of an engine as is asked of it
    return site


def test_each_name_has_a_folder_and_a_profile_of_its_own():
    one, other = ClusterSettings(), ClusterSettings(name="other")
    assert one.folder == default_folder() != other.folder == default_folder("other")
    assert one.profile == "local-cluster" != other.profile
    assert one.kubeconfig != other.kubeconfig
    with pytest.raises(ValueError, match=r"\.\./up"):
        ClusterSettings(name="../up")


def test_somebody_elses_cluster_is_neither_gone_on_with_nor_removed(settings: ClusterSettings):
    docker = Docker(names=["other-control-plane"])
    site = site_of(settings, docker)
    for touch in (NodesStep(site).check, lambda: NodesStep(site).apply(print)):
        with pytest.raises(ClusterError, match="stays as it is"):
            touch()
    with pytest.raises(ClusterError, match="stays as it is"):
        take_down(site, print)
    assert docker.removed == []


def test_a_half_made_one_that_this_folder_claims_is_made_anew(settings: ClusterSettings):
    docker = Docker(names=["other-control-plane"])
    claim(docker, settings)  # type: ignore[arg-type]  # as above
    found = NodesStep(site_of(settings, docker)).check()
    assert (found.done, found.note) == (False, "half made: it is made anew")


def test_a_cluster_that_lost_a_node_is_not_thrown_away_unasked(settings: ClusterSettings):
    docker = Docker(names=["other-control-plane"], mark={"nodes_count": 3, "shape": "x"})
    for touch in (
        NodesStep(site_of(settings, docker)).check,
        lambda: NodesStep(site_of(settings, docker)).apply(print),
    ):
        with pytest.raises(ClusterError, match="made with 3 nodes") as refused:
            touch()
        assert "cluster down" in refused.value.cure


def test_a_registry_of_somebody_else_is_refused(settings: ClusterSettings):
    with pytest.raises(ClusterError, match="stays as it is"):
        RegistryStep(site_of(settings, Docker(registry_label="tiketi-local"))).check()


def test_images_are_removed_that_are_ours_or_were_fetched_for_us(
    settings: ClusterSettings, monkeypatch: pytest.MonkeyPatch
):
    # `kind delete` is a program; here is none.
    monkeypatch.setattr("tiketi_sdk.cluster.teardown.delete_nodes", lambda _site: None)
    here_before: dict[str, dict[str, str]] = {"registry:2": {}, "localhost:5000/of-mine:1": {}}
    docker = Docker(registry_label="other", references=dict(here_before))
    claim(docker, settings)  # type: ignore[arg-type]  # as above
    docker.names, docker.mark = ["other-control-plane"], {"nodes_count": 1, "shape": "x"}
    docker.references |= {
        "kindest/node:v1": {},
        "localhost:5000/tiketi:1": {LABEL: "other"},
        "localhost:5000/tiketi:2": {LABEL: "tiketi-local"},
    }
    take_down(site_of(settings, docker), print)
    assert docker.removed == [
        "other-registry",
        "localhost:5000/tiketi:1",
        "kindest/node:v1",
        "kind",
    ]
    assert not settings.folder.exists()


def test_without_a_claim_nothing_of_others_is_held_to_be_ours(settings: ClusterSettings):
    assert had_network(settings)
    assert fetched_images(settings, ["kindest/node:v1"]) == []
