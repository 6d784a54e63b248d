"""Examines the machine and the cluster on it: every finding with its cure. Changes nothing; a Pod of queue tries a door."""

from collections.abc import Iterator
from typing import Final

from tiketi_sdk.cluster import registry
from tiketi_sdk.cluster.engine import KIND_NETWORK
from tiketi_sdk.cluster.machine import look as look_at_machine
from tiketi_sdk.cluster.pods import trouble
from tiketi_sdk.cluster.policies import are_enforced
from tiketi_sdk.cluster.preflight import Finding, judge
from tiketi_sdk.cluster.site import Site
from tiketi_sdk.cluster.status import ClusterStatus
from tiketi_sdk.cluster.status import look as look_at_cluster
from tiketi_sdk.errors import ClusterError

_UP: Final = "tiketi cluster up"


def examine(site: Site) -> list[Finding]:
    """All findings, the well ones too: the machine first, then what there is of the cluster."""
    machine = look_at_machine(site.settings, site.sources.kind_config)
    findings = judge(machine, site.settings)
    if machine.docker is None:
        return findings
    return [*findings, *_cluster(site, look_at_cluster(site))]


def _cluster(site: Site, status: ClusterStatus) -> Iterator[Finding]:
    if status.state == "absent":
        yield Finding("cluster", "warning", f"{status.name} is not there", _UP)
        return
    yield from _registry(site, status)
    if status.state == "stopped":
        yield Finding("cluster", "error", "its API does not answer", _UP)
        return
    for node in status.nodes:
        if not node.ready:
            cure = f"docker restart {node.name}; or {_UP}"
            yield Finding("nodes", "error", f"{node.name} is not Ready", cure)
    if all(node.ready for node in status.nodes):
        yield Finding("nodes", "ok", f"{len(status.nodes)} Ready")
    yield from _pods(site)
    for service in status.services:
        if service.state == "ready" and service.endpoints_count:
            continue
        text = f"{service.name} is {service.state} at {service.url}, {service.endpoints_count} ready Pods behind it"
        yield Finding("services", "error", text, f"tiketi cluster logs {service.name}")
    if all(service.state == "ready" for service in status.services):
        revisions = sorted({str(service.revision) for service in status.services})
        yield Finding("services", "ok", f"six answer, revision {', '.join(revisions)}")
    yield _policies(site)


def _registry(site: Site, status: ClusterStatus) -> Iterator[Finding]:
    container = site.engine.container(site.settings.registry_name)
    if container is None or not registry.answers(site.settings.registry_address):
        yield Finding("registry", "error", "it does not answer", _UP)
    elif KIND_NETWORK not in site.engine.networks_of(container):
        yield Finding("registry", "error", "the nodes do not reach it", _UP)
    else:
        yield Finding("registry", "ok", f"at {status.registry}")


def _pods(site: Site) -> Iterator[Finding]:
    pods = site.kube.pods()
    unwell = [
        found
        for pod in pods
        if pod.status.phase not in {"Succeeded", "Failed"} and (found := trouble(pod)) is not None
    ]
    for found in unwell:
        cure = f"tiketi cluster logs; {_UP}"
        yield Finding(
            "Pods", "error" if found.hopeless else "warning", f"{found.pod}: {found.reason}", cure
        )
    if not unwell:
        yield Finding("Pods", "ok", f"{len(pods)} well")


def _policies(site: Site) -> Finding:
    try:
        enforced = are_enforced(site)
    except ClusterError as error:
        return Finding(
            "network policies", "warning", f"cannot be tried: {error}", "tiketi cluster status"
        )
    if enforced:
        return Finding("network policies", "ok", "enforced: what must not be reached is not")
    return Finding(
        "network policies",
        "warning",
        "not enforced by this cluster's network: they are there and hold nobody back",
        "use a node image or a network that enforces them (kind's own does since 0.24)",
    )
