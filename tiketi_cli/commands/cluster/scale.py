"""`tiketi cluster scale`."""

from typing import Annotated

import typer

from tiketi_cli.clustering import Name, Service, at_cluster
from tiketi_cli.context import session


def scale(
    ctx: typer.Context,
    service: Service,
    replicas: Annotated[int, typer.Argument(metavar="N", min=0, max=50, help="How many Pods.")],
    *,
    name: Name = "tiketi-local",
) -> None:
    """Give a service as many Pods as said, and wait until they are ready.

    tiketi cluster scale queue 3
    """
    from tiketi_sdk.cluster.services import scale as scale_service

    here = session(ctx)
    with at_cluster(name=name) as site:
        scale_service(site, service, replicas, tell=here.out.say)
    here.out.facts({"service": service, "replicas": replicas}, {service: f"{replicas} Pods ready"})
