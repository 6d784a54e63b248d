"""`tiketi cluster status`."""

from typing import TYPE_CHECKING, Final

import typer

from tiketi_cli.clustering import Name, at_cluster
from tiketi_cli.context import session

if TYPE_CHECKING:
    from tiketi_cli.output import Output
    from tiketi_sdk.cluster.status import ClusterStatus

UNWELL: Final = 9
"""`Exit.UNAVAILABLE`."""


def status(ctx: typer.Context, *, name: Name = "tiketi-local") -> None:
    """Show the cluster on one screen: nodes, Pods, images, addresses. Fails when not all of it is well.

    tiketi cluster status
    tiketi cluster status --json | jq -r .state
    """
    from tiketi_sdk.cluster.status import look

    here = session(ctx)
    with at_cluster(name=name) as site:
        found = look(site)
    if here.json:
        here.out.document(found)
    else:
        _show(here.out, found)
    if found.state != "ready":
        here.out.say("make it stand: tiketi cluster up; see why not: tiketi cluster doctor")
        raise typer.Exit(UNWELL)


def _show(out: "Output", found: "ClusterStatus") -> None:
    out.facts(
        found,
        {
            "cluster": f"{found.name}: {found.state}",
            "image": found.image,
            "registry": found.registry or "down",
            "kubeconfig": found.kubeconfig if found.nodes else None,
        },
    )
    if not found.nodes:
        return
    out.items(
        found.nodes,
        {
            "node": lambda node: node.name,
            "role": lambda node: node.role,
            "state": lambda node: "ready" if node.ready else "unwell",
            "version": lambda node: node.version,
            "Pods": lambda node: node.pods_count,
        },
        right=("Pods",),
    )
    out.items(
        found.pods,
        {
            "Pod": lambda pod: pod.name,
            "state": lambda pod: "ready" if pod.ready else pod.phase,
            "restarts": lambda pod: pod.restarts_count,
            "node": lambda pod: (pod.node or "none").removeprefix(f"{found.name}-"),
            "image": lambda pod: pod.image.rpartition("/")[2],
        },
        right=("restarts",),
    )
    out.items(
        found.services,
        {
            "service": lambda service: service.name,
            "answers": lambda service: service.state,
            "at": lambda service: service.url,
            "endpoints": lambda service: service.endpoints_count,
            "version": lambda service: service.version,
            "revision": lambda service: service.revision,
        },
        right=("endpoints",),
    )
