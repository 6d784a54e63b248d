"""`tiketi cluster push`."""

import typer

from tiketi_cli.clustering import Image, Name, StepTeller, at_cluster
from tiketi_cli.context import session


def push(ctx: typer.Context, *, image: Image = None, name: Name = "tiketi-local") -> None:
    """Push the services' image to the local registry, both made first where they are missing.

    tiketi cluster push
    tiketi cluster push --image tiketi:try
    """
    from tiketi_sdk.cluster.bringing import push_image

    here = session(ctx)
    teller = StepTeller(here)
    with at_cluster(name=name, image=image) as site, teller.listening() as listen:
        push_image(site, listen)
        pushed = str(site.image)
    if not here.json:
        here.out.line(pushed)
