"""`tiketi cluster up`."""

from typing import Annotated

import typer

from tiketi_cli.clustering import Image, Name, Overlay, StepTeller, at_cluster
from tiketi_cli.context import session


def up(
    ctx: typer.Context,
    *,
    image: Image = None,
    workers: Annotated[
        int, typer.Option("--workers", min=0, max=8, help="Nodes beside the control plane.")
    ] = 2,
    overlay: Overlay = "local",
    node_image: Annotated[
        str | None,
        typer.Option(
            "--node-image",
            metavar="NAME:TAG",
            envvar="TIKETI_KIND_IMAGE",
            help="What the nodes run; the one of this version of kind unless given.",
        ),
    ] = None,
    name: Name = "tiketi-local",
) -> None:
    """Put the whole platform into a Kubernetes cluster on this machine, or see that it is there.

        tiketi cluster up
        tiketi cluster up --workers 1
        tiketi cluster up --image registry.example.com/tiketi:1.2.3
        tiketi cluster up --json | jq -r 'select(.state == "failed") | .note'

    It looks at the machine first, then makes the cluster, a registry at localhost:5000, the image, the
    stores, the database and the services, and tries them. Every step does only what is missing: running
    it again changes nothing, and after an interruption it goes on. With --json each event is a line.

    The cluster has a kubeconfig of its own (`tiketi cluster kubeconfig`); your current kubectl context stays
    as it is. The profile `local-cluster` is logged in as the administrator.
    """
    from tiketi_sdk.cluster import bring_up

    here = session(ctx)
    teller = StepTeller(here)
    with (
        at_cluster(
            name=name, image=image, workers_count=workers, overlay=overlay, node_image=node_image
        ) as site,
        teller.listening() as listen,
    ):
        outcome = bring_up(site, listen)
        said = {
            "event": "up",
            "cluster": site.settings.name,
            "image": str(site.image),
            "kubeconfig": str(site.settings.kubeconfig),
            "profile": site.settings.profile,
            "changed": outcome.changed,
            "elapsed_s": round(outcome.elapsed_s, 1),
        }
    if here.json:
        import json

        here.out.line(json.dumps(said, ensure_ascii=False))
        return
    took = f"after {outcome.elapsed_s:.1f} s"
    here.out.say(
        f"nothing to do; everything stands ({took})" if not outcome.changed else f"ready {took}"
    )
    here.out.say(
        f"go on with: tiketi --profile {said['profile']} events list, or: tiketi demo --cluster"
    )
