"""Waits until Deployments, StatefulSets and Jobs stand; ends early, with the evidence, where a Pod never will."""

import time
from collections.abc import Callable, Collection
from typing import Any, Final

from tiketi_sdk.cluster.kube import Kube
from tiketi_sdk.cluster.pods import Crashes, evidence_of, matches, trouble
from tiketi_sdk.cluster.step import Tell
from tiketi_sdk.errors import ClusterError

ROLLOUT_S: Final = 180.0
_POLL_S: Final = 0.5
Pause = Callable[[float], object]
"""Waits for so many seconds; may raise, and thereby end the waiting."""
_CURE: Final = "tiketi cluster logs SERVICE; tiketi cluster up goes on where it stopped"


def is_rolled_out(thing: Any) -> bool:
    """Whether every Pod of a Deployment or StatefulSet is of the newest kind and ready."""
    wanted = 1 if thing.spec.replicas is None else thing.spec.replicas
    status = thing.status
    if (status.observed_generation or 0) < thing.metadata.generation:
        return False
    return (
        (status.updated_replicas or 0) == wanted
        and (status.ready_replicas or 0) == wanted
        and (status.replicas or 0) == wanted
    )


def unfinished(kube: Kube, names: Collection[str]) -> list[Any]:
    """The Deployments and StatefulSets of these names that are not rolled out; a missing one is an error."""
    found = {str(each.metadata.name): each for each in [*kube.deployments(), *kube.stateful_sets()]}
    missing = sorted(set(names) - found.keys())
    if missing:
        raise ClusterError(f"not in the cluster: {', '.join(missing)}", cure="tiketi cluster up")
    return [found[name] for name in names if not is_rolled_out(found[name])]


def wait_rolled_out(
    kube: Kube,
    names: Collection[str],
    tell: Tell,
    *,
    timeout_s: float = ROLLOUT_S,
    pause: Pause = time.sleep,
) -> None:
    """Until all are rolled out. `ClusterError` with events and logs when one cannot be, or in the end."""
    deadline_s = time.monotonic() + timeout_s
    crashes = Crashes()
    told = ""
    while left := unfinished(kube, names):
        waiting_for = ", ".join(str(each.metadata.name) for each in left)
        if waiting_for != told:
            tell(f"waiting for {waiting_for}")
            told = waiting_for
        pods = [pod for thing in left for pod in _newest_pods(kube, thing)]
        _refuse_hopeless(kube, pods, crashes)
        if time.monotonic() > deadline_s:
            raise ClusterError(
                f"not ready after {timeout_s:.0f} s: {waiting_for}",
                cure=_CURE,
                details=evidence_of(kube, pods),
            )
        pause(_POLL_S)


def wait_job(
    kube: Kube, name: str, tell: Tell, *, timeout_s: float = ROLLOUT_S, pause: Pause = time.sleep
) -> None:
    """Until a Job has succeeded. `ClusterError` with events and logs when it failed, or in the end."""
    deadline_s = time.monotonic() + timeout_s
    crashes = Crashes()
    told = ""
    while True:
        job = kube.job(name)
        if job is None:
            raise ClusterError(f"Job {name} is gone", cure="tiketi cluster up")
        if job.status.succeeded:
            return
        pods = kube.pods({"job-name": name})
        failed = any(
            each.type == "Failed" and each.status == "True" for each in job.status.conditions or ()
        )
        if failed or time.monotonic() > deadline_s:
            what = "failed" if failed else f"is not done after {timeout_s:.0f} s"
            raise ClusterError(f"Job {name} {what}", cure=_CURE, details=evidence_of(kube, pods))
        _refuse_hopeless(kube, pods, crashes)
        standing = next((found.reason for pod in pods if (found := trouble(pod))), "no Pod yet")
        if standing != told:
            tell(f"{name}: {standing}")
            told = standing
        pause(_POLL_S)


def _newest_pods(kube: Kube, thing: Any) -> list[Any]:
    """Its Pods that run the image it wants now: those of an earlier, broken try do not count."""
    wanted = {str(each.image) for each in thing.spec.template.spec.containers}
    labels = thing.spec.selector.match_labels or {}
    return [
        pod
        for pod in kube.pods(labels)
        if matches(pod, labels) and {str(each.image) for each in pod.spec.containers} == wanted
    ]


def _refuse_hopeless(kube: Kube, pods: list[Any], crashes: Crashes) -> None:
    for pod in pods:
        found = trouble(pod, crashes_count=crashes.since_the_beginning(pod))
        if found is not None and found.hopeless:
            raise ClusterError(
                f"Pod {found.pod} does not become ready: {found.reason}",
                cure=_CURE,
                details=evidence_of(kube, pods),
            )
