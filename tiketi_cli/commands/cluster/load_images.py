"""`tiketi cluster load-images`."""

from typing import Annotated

import typer

from tiketi_cli.clustering import Name, Overlay, at_cluster
from tiketi_cli.context import session


def load_images(
    ctx: typer.Context,
    images: Annotated[
        list[str] | None,
        typer.Argument(metavar="IMAGE…", help="Those of the manifests unless given."),
    ] = None,
    *,
    overlay: Overlay = "local",
    name: Name = "tiketi-local",
) -> None:
    """Put images of this machine straight into every node, past the registry.

    tiketi cluster load-images
    tiketi cluster load-images postgres:18 valkey/valkey:9
    """
    from tiketi_sdk.cluster.services import load_images as load

    here = session(ctx)
    with at_cluster(name=name, overlay=overlay) as site:
        loaded = load(site, images or None, tell=here.out.say)
    here.out.items(
        [{"image": each} for each in loaded],
        {"image": lambda row: row["image"]},
        none="none of them is here",
    )
