"""`tiketi cluster build`."""

import typer

from tiketi_cli.clustering import Name, StepTeller, at_cluster
from tiketi_cli.context import session


def build(ctx: typer.Context, *, name: Name = "tiketi-local") -> None:
    """Build the services' image from the checkout. One that is built already from the same files is kept.

    tiketi cluster build
    docker run --rm "$(tiketi cluster build)" --help
    """
    from tiketi_sdk.cluster.bringing import build_image

    here = session(ctx)
    teller = StepTeller(here)
    with at_cluster(name=name) as site, teller.listening() as listen:
        build_image(site, listen)
        image = str(site.image)
    if not here.json:
        here.out.line(image)
