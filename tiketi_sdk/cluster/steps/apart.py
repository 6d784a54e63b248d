"""Replicas of a service on nodes of their own, so that the loss of one node leaves it answering.

The scheduler sees to that only when a Pod comes, and counts those that are leaving: after two rollouts on each other's heels,
or a node that was lost and is back, both Pods of a service may be on one node. One at a time is asked to go, in peace.
"""

import time
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, Final

from tiketi_sdk.cluster.kube import Kube
from tiketi_sdk.cluster.pods import is_ready, matches
from tiketi_sdk.cluster.site import Site
from tiketi_sdk.cluster.step import Standing, Tell
from tiketi_sdk.cluster.waiting import ROLLOUT_S, wait_rolled_out

ROUNDS_MAX: Final = 3
"""Where the scheduler has reasons of its own, that is that."""
_POLL_S: Final = 0.5
_KEEPING_OFF: Final = frozenset({"NoSchedule", "NoExecute"})


class ApartStep:
    """No node with two Pods more of a service than another node that would take them."""

    name = "apart"
    title = "Pods apart"
    needs = ("services",)

    def __init__(self, site: Site) -> None:
        self._site = site

    def check(self) -> Standing:
        crowded = crowds(self._site.kube)
        if crowded:
            return Standing(done=False, note=f"on one node: {', '.join(sorted(crowded))}")
        return Standing(done=True, note="no service is on one node alone")

    def apply(self, tell: Tell) -> str:
        moved = spread(self._site, tell)
        return f"moved: {', '.join(moved)}" if moved else "as far as they can be"


def spread(site: Site, tell: Tell, *, names: Collection[str] | None = None) -> list[str]:
    """Move Pods of these Deployments, or of all, from crowded nodes; whose were moved. Returns once all are ready."""
    moved: list[str] = []
    for _ in range(ROUNDS_MAX):
        crowded = crowds(site.kube, names=names)
        if not crowded:
            break
        for name, pod in sorted(crowded.items()):
            tell(f"moving {pod}")
            site.kube.delete_pod(pod)
            moved.append(name)
        _wait(site, sorted(crowded), tell)
    return sorted(set(moved))


def _wait(site: Site, names: Sequence[str], tell: Tell) -> None:
    deadline_s = time.monotonic() + ROLLOUT_S
    # A Deployment may not have heard yet that one of its Pods is leaving; the Pods have.
    while _is_short(site.kube, names) and time.monotonic() < deadline_s:
        site.stop.pause(_POLL_S)
    wait_rolled_out(site.kube, names, tell, pause=site.stop.pause)


def _is_short(kube: Kube, names: Sequence[str]) -> bool:
    """Whether one of the Deployments has fewer Pods that are ready and stay than it wants."""
    pods = [pod for pod in _staying(kube) if is_ready(pod)]
    return any(
        sum(matches(pod, each.spec.selector.match_labels or {}) for pod in pods)
        < (each.spec.replicas or 0)
        for each in kube.deployments()
        if each.metadata.name in names
    )


def _staying(kube: Kube) -> list[Any]:
    return [pod for pod in kube.pods() if pod.metadata.deletion_timestamp is None]


def crowds(kube: Kube, *, names: Collection[str] | None = None) -> dict[str, str]:
    """Deployment → a Pod of it that had better be elsewhere."""
    nodes = [str(node.metadata.name) for node in kube.nodes() if _takes_pods(node)]
    pods = _staying(kube)
    found = {}
    for each in kube.deployments():
        name = str(each.metadata.name)
        if names is not None and name not in names:
            continue
        labels = each.spec.selector.match_labels or {}
        if pod := _one_too_many([pod for pod in pods if matches(pod, labels)], nodes):
            found[name] = pod
    return found


def _one_too_many(pods: Sequence[Any], nodes: Sequence[str]) -> str | None:
    """A Pod of the fullest node, where another node has two fewer."""
    count = Counter(dict.fromkeys(nodes, 0))
    count.update(str(pod.spec.node_name) for pod in pods if pod.spec.node_name)
    if not nodes or not count:
        return None
    fullest = max(sorted(count), key=count.__getitem__)
    if count[fullest] - min(count[name] for name in nodes) < 2:
        return None
    return min(str(pod.metadata.name) for pod in pods if pod.spec.node_name == fullest)


def _takes_pods(node: Any) -> bool:
    """Whether it is Ready and keeps nobody off."""
    ready = any(
        each.type == "Ready" and each.status == "True" for each in node.status.conditions or ()
    )
    tainted = any(each.effect in _KEEPING_OFF for each in node.spec.taints or ())
    return ready and not tainted and not node.spec.unschedulable
