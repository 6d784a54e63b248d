"""`tiketi cluster restart`."""

import typer

from tiketi_cli.clustering import Name, Service, at_cluster
from tiketi_cli.context import session


def restart(ctx: typer.Context, service: Service, *, name: Name = "tiketi-local") -> None:
    """Replace a service's Pods one after the other, without losing a request, and wait for the new ones.

    tiketi cluster restart queue
    """
    from tiketi_sdk.cluster.services import restart as restart_service

    here = session(ctx)
    with at_cluster(name=name) as site:
        restart_service(site, service, here.out.say)
    here.out.facts({"service": service, "state": "ready"}, {service: "ready"})
