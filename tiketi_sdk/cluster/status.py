"""How a cluster stands, at a glance: nodes, Pods, images, addresses, and whether it answers. Changes nothing."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from tiketi_sdk.cluster.health import health
from tiketi_sdk.cluster.kube import IMAGE
from tiketi_sdk.cluster.pods import is_ready, phase, restarts_count
from tiketi_sdk.cluster.site import Site
from tiketi_sdk.config import service_urls
from tiketi_sdk.errors import ClusterError

_OVER: Final = {"Succeeded", "Failed", "Terminating"}
"""Pods that ended (evicted ones, say, which stay listed): whether they are missed, their Deployment's count tells."""

State = Literal["ready", "unwell", "stopped", "absent"]


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """One node."""

    name: str
    role: str
    ready: bool
    version: str
    pods_count: int


@dataclass(frozen=True, slots=True)
class PodStatus:
    """One Pod."""

    name: str
    service: str
    """Its label `app.kubernetes.io/name`."""
    phase: str
    ready: bool
    restarts_count: int
    node: str | None
    image: str
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """One of the six, asked from outside."""

    name: str
    url: str
    state: Literal["ready", "live", "down"]
    version: str | None
    revision: str | None
    endpoints_count: int
    """Ready Pods behind its address in the cluster."""


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    """All of it."""

    name: str
    state: State
    context: str
    kubeconfig: str
    registry: str | None
    """Its address; None while it does not run."""
    image: str | None
    """What was rolled out last."""
    nodes: tuple[NodeStatus, ...] = ()
    pods: tuple[PodStatus, ...] = ()
    services: tuple[ServiceStatus, ...] = ()


def look(site: Site) -> ClusterStatus:
    """The cluster as it is now. Raises `ClusterError` when docker does not answer."""
    settings = site.settings
    containers = site.engine.nodes(settings.name)
    registry = site.engine.container(settings.registry_name)
    running = registry is not None and registry.status == "running"
    address = settings.registry_address if running else None
    common = (settings.context, str(settings.kubeconfig), address)
    if not containers:
        return ClusterStatus(settings.name, "absent", *common, None)
    try:
        if not site.kube.is_up():
            return ClusterStatus(settings.name, "stopped", *common, None)
        kube = site.kube
        pods = kube.pods()
        nodes = tuple(_node(each, pods) for each in kube.nodes())
        endpoints = kube.endpoints()
        image = kube.annotations().get(IMAGE)
        owners = [*kube.deployments(), *kube.stateful_sets()]
    except ClusterError:
        return ClusterStatus(settings.name, "stopped", *common, None)
    with ThreadPoolExecutor(max_workers=6) as pool:
        asked = [
            pool.submit(_service, name, url, endpoints.get(name, 0))
            for name, url in service_urls().items()
        ]
        services = tuple(each.result() for each in asked)
    shown = tuple(_pod(each) for each in pods)
    well = (
        all(node.ready for node in nodes)
        and all((each.status.ready_replicas or 0) >= (each.spec.replicas or 0) for each in owners)
        and all(pod.ready or pod.phase in _OVER for pod in shown)
        and all(service.state == "ready" for service in services)
    )
    return ClusterStatus(
        settings.name, "ready" if well else "unwell", *common, image, nodes, shown, services
    )


def _node(node: Any, pods: list[Any]) -> NodeStatus:
    labels = node.metadata.labels or {}
    control = any(
        f"node-role.kubernetes.io/{name}" in labels for name in ("control-plane", "master")
    )
    return NodeStatus(
        name=str(node.metadata.name),
        role="control plane" if control else "worker",
        ready=is_ready(node),
        version=str(node.status.node_info.kubelet_version),
        pods_count=sum(pod.spec.node_name == node.metadata.name for pod in pods),
    )


def _pod(pod: Any) -> PodStatus:
    return PodStatus(
        name=str(pod.metadata.name),
        service=(pod.metadata.labels or {}).get("app.kubernetes.io/name", ""),
        phase=phase(pod),
        ready=is_ready(pod),
        restarts_count=restarts_count(pod),
        node=pod.spec.node_name,
        image=str(pod.spec.containers[0].image),
        started_at=pod.status.start_time,
    )


def _service(name: str, url: str, endpoints_count: int) -> ServiceStatus:
    alive = health(url, "/health/live")
    ready = alive is not None and health(url) is not None
    return ServiceStatus(
        name=name,
        url=url,
        state="ready" if ready else "live" if alive is not None else "down",
        version=None if alive is None else alive.get("version"),
        revision=None if alive is None else alive.get("revision"),
        endpoints_count=endpoints_count,
    )
