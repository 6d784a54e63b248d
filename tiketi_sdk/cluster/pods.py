"""Judges Pods: which are ready, which will never be, and what they and the cluster say about it. Waits for nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tiketi_sdk.cluster.kube import Kube

EVENTS_MAX: Final = 6
LOG_LINES_MAX: Final = 15
RESTARTS_MAX: Final = 3
"""A container that crashed so often while it was waited for will not come right by waiting."""
_HOPELESS: Final = frozenset(
    {
        "ImagePullBackOff",
        "ErrImageNeverPull",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
    }
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A Pod that is not well."""

    pod: str
    reason: str
    hopeless: bool
    """Whether waiting will not help."""


def is_ready(pod: Any) -> bool:
    """Whether it may be sent requests."""
    return any(
        each.type == "Ready" and each.status == "True" for each in pod.status.conditions or ()
    )


def restarts_count(pod: Any) -> int:
    """Of all its containers."""
    return sum(each.restart_count for each in pod.status.container_statuses or ())


def phase(pod: Any) -> str:
    """One word on how it stands, as `kubectl get pods` would say it."""
    if pod.metadata.deletion_timestamp is not None:
        return "Terminating"
    for each in (
        *(pod.status.init_container_statuses or ()),
        *(pod.status.container_statuses or ()),
    ):
        if each.state is not None and each.state.waiting is not None and each.state.waiting.reason:
            return str(each.state.waiting.reason)
    return str(pod.status.phase)


class Crashes:
    """How often Pods crashed since they were first looked at: what was before (a reboot, say) is no sign."""

    def __init__(self) -> None:
        self._at_first: dict[str, int] = {}

    def since_the_beginning(self, pod: Any) -> int:
        """Of all its containers, those that begin it included."""
        status = pod.status
        statuses = (*(status.init_container_statuses or ()), *(status.container_statuses or ()))
        count = sum(each.restart_count for each in statuses)
        before: int = self._at_first.setdefault(str(pod.metadata.uid or pod.metadata.name), count)
        return int(count) - before


def trouble(pod: Any, *, crashes_count: int | None = None) -> Trouble | None:
    """What keeps a Pod from being ready; None where nothing does.

    `crashes_count`: since somebody began to wait; every one counts unless given.
    """
    if pod.metadata.deletion_timestamp is not None or is_ready(pod):
        return None
    name = str(pod.metadata.name)
    for each in (
        *(pod.status.init_container_statuses or ()),
        *(pod.status.container_statuses or ()),
    ):
        waiting = each.state.waiting if each.state is not None else None
        if waiting is not None and waiting.reason in _HOPELESS:
            return Trouble(
                name, f"{waiting.reason}: {waiting.message or ''}".rstrip(": "), hopeless=True
            )
        if each.restart_count:
            reason = f"its container {each.name} ended {each.restart_count} times{_last_end(each)}"
            crashes_count = each.restart_count if crashes_count is None else crashes_count
            backing_off = waiting is not None and waiting.reason == "CrashLoopBackOff"
            hopeless = backing_off and crashes_count >= RESTARTS_MAX
            return Trouble(name, reason, hopeless=hopeless)
    for condition in pod.status.conditions or ():
        if condition.type == "PodScheduled" and condition.status == "False":
            return Trouble(name, f"no node takes it: {condition.message}", hopeless=False)
    return Trouble(name, phase(pod), hopeless=False)


def evidence(kube: Kube, pod: Any) -> list[str]:
    """A Pod's latest events and the last lines of its containers' logs, as lines to show."""
    name = str(pod.metadata.name)
    lines = [f"Pod {name}: {phase(pod)}"]
    for event in kube.pod_events(name)[-EVENTS_MAX:]:
        times = f" (x{event.count})" if (event.count or 1) > 1 else ""
        lines.append(f"  event  {event.reason}: {' '.join(str(event.message).split())}{times}")
    for each in pod.status.container_statuses or ():
        crashed = bool(each.restart_count) and not (each.state and each.state.running)
        text = kube.pod_log(name, each.name, lines_count=LOG_LINES_MAX, previous=crashed)
        lines += [f"  {each.name}  {line}" for line in text.splitlines()]
    return lines


def evidence_of(kube: Kube, pods: Sequence[Any], *, pods_max: int = 3) -> list[str]:
    """The same of every Pod that is not ready, the hopeless first, `pods_max` at most."""
    unwell: list[tuple[bool, Any]] = [
        (not found.hopeless, pod) for pod in pods if (found := trouble(pod)) is not None
    ]
    unwell.sort(key=lambda each: (each[0], str(each[1].metadata.name)))
    return [line for _, pod in unwell[:pods_max] for line in evidence(kube, pod)]


def matches(pod: Any, labels: Mapping[str, str]) -> bool:
    """Whether the Pod carries all these labels."""
    own = pod.metadata.labels or {}
    return all(own.get(key) == value for key, value in labels.items())


def _last_end(status: Any) -> str:
    ended = status.last_state.terminated if status.last_state is not None else None
    return "" if ended is None else f", last with {ended.exit_code} ({ended.reason})"
