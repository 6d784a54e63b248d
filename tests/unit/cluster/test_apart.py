"""Which Pod is asked to go elsewhere, and when nobody is."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tiketi_sdk.cluster import ClusterSettings, Site
from tiketi_sdk.cluster.steps.apart import ApartStep, crowds, spread

Place = tuple[str, str]
"""A Deployment and the node of one of its Pods."""


class Cluster:
    """The API of three nodes; a Pod that goes comes back on the emptiest node that takes any."""

    def __init__(self, *places: Place) -> None:
        self.pods_there = [self.pod(name, node) for name, node in places]
        self.unready: set[str] = set()
        self.stubborn = False
        self.deleted: list[str] = []

    def pod(self, name: str, node: str | None, *, number: int = 0) -> Any:
        ready = SimpleNamespace(type="Ready", status="True")
        return SimpleNamespace(
            metadata=SimpleNamespace(
                name=f"{name}-{node}-{number}", labels={"app": name}, deletion_timestamp=None
            ),
            spec=SimpleNamespace(node_name=node, containers=[SimpleNamespace(image="tiketi:1")]),
            status=SimpleNamespace(conditions=[ready], container_statuses=(), phase="Running"),
        )

    def pods(self, _labels: Any = None) -> list[Any]:
        return list(self.pods_there)

    def nodes(self) -> list[Any]:
        master = SimpleNamespace(effect="NoSchedule")
        return [self.node("plane", taints=[master]), self.node("first"), self.node("second")]

    def node(self, name: str, *, taints: Any = None) -> Any:
        ready = SimpleNamespace(type="Ready", status="False" if name in self.unready else "True")
        return SimpleNamespace(
            metadata=SimpleNamespace(name=name),
            spec=SimpleNamespace(taints=taints, unschedulable=None),
            status=SimpleNamespace(conditions=[ready]),
        )

    def deployments(self) -> list[Any]:
        names = sorted({str(pod.metadata.labels["app"]) for pod in self.pods_there})
        return [self.deployment(name) for name in names]

    def deployment(self, name: str) -> Any:
        count = sum(
            pod.metadata.labels["app"] == name and pod.metadata.deletion_timestamp is None
            for pod in self.pods_there
        )
        template = SimpleNamespace(spec=SimpleNamespace(containers=[]))
        return SimpleNamespace(
            metadata=SimpleNamespace(name=name, generation=1),
            spec=SimpleNamespace(
                replicas=count,
                selector=SimpleNamespace(match_labels={"app": name}),
                template=template,
            ),
            status=SimpleNamespace(
                observed_generation=1, replicas=count, updated_replicas=count, ready_replicas=count
            ),
        )

    def stateful_sets(self) -> list[Any]:
        return []

    def delete_pod(self, name: str) -> None:
        self.deleted.append(name)
        (leaving,) = [pod for pod in self.pods_there if pod.metadata.name == name]
        leaving.metadata.deletion_timestamp = "now"
        node = leaving.spec.node_name if self.stubborn else self.emptiest(leaving)
        came = self.pod(leaving.metadata.labels["app"], node, number=len(self.deleted))
        self.pods_there.append(came)

    def emptiest(self, leaving: Any) -> str:
        here = [
            pod.spec.node_name
            for pod in self.pods_there
            if pod.metadata.labels == leaving.metadata.labels
        ]
        return min(("first", "second"), key=here.count)

    def close(self) -> None:
        """As a connection is closed."""


def site_of(cluster: Cluster, folder: Path) -> Site:
    site = Site(ClusterSettings(folder=folder))
    opened: Any = cluster
    site._kube = opened
    return site


APART = [("auth", "first"), ("auth", "second"), ("sandbox", "first")]
TOGETHER = [("auth", "second"), ("auth", "second"), ("queue", "first"), ("queue", "second")]


@pytest.mark.parametrize(
    "places",
    [
        APART,
        [*APART, ("auth", "first")],
        [("sandbox", "first")],
        [],
    ],
)
def test_where_pods_are_apart_nobody_moves(tmp_path, places):
    cluster = Cluster(*places)
    assert ApartStep(site_of(cluster, tmp_path)).check().done
    assert cluster.deleted == []


def test_of_two_on_one_node_one_moves_and_the_others_stay(tmp_path):
    cluster = Cluster(*TOGETHER)
    cluster.pods_there[0].metadata.name = "auth-second-a"
    step = ApartStep(site_of(cluster, tmp_path))
    assert step.check().note == "on one node: auth"
    assert step.apply(lambda _line: None) == "moved: auth"
    assert len(cluster.deleted) == 1
    assert step.check().done


def test_three_on_one_node_end_two_and_one(tmp_path):
    cluster = Cluster(*[("queue", "first")] * 3)
    for number, pod in enumerate(cluster.pods_there):
        pod.metadata.name = f"queue-{number}"
    assert spread(site_of(cluster, tmp_path), lambda _line: None) == ["queue"]
    staying = [
        pod.spec.node_name for pod in cluster.pods_there if pod.metadata.deletion_timestamp is None
    ]
    assert sorted(staying) == ["first", "first", "second"]


def test_only_those_that_are_named_are_moved(tmp_path):
    cluster = Cluster(("auth", "first"), ("auth", "first"), ("queue", "first"), ("queue", "first"))
    for number, pod in enumerate(cluster.pods_there):
        pod.metadata.name = f"{pod.metadata.labels['app']}-{number}"
    assert spread(site_of(cluster, tmp_path), lambda _line: None, names=["queue"]) == ["queue"]
    assert cluster.deleted == ["queue-2"]


def test_with_no_other_node_to_go_to_they_stay_together():
    cluster = Cluster(*TOGETHER)
    cluster.unready = {"first"}
    kube: Any = cluster
    assert crowds(kube) == {}


def test_a_scheduler_that_wants_them_together_is_not_fought_for_ever(tmp_path):
    cluster = Cluster(*TOGETHER)
    cluster.stubborn = True
    cluster.pods_there[0].metadata.name = "auth-second-a"
    spread(site_of(cluster, tmp_path), lambda _line: None)
    assert 1 <= len(cluster.deleted) <= 3
