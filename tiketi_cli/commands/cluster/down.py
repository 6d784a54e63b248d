"""`tiketi cluster down`."""

from typing import Annotated

import typer

from tiketi_cli.clustering import Name, at_cluster
from tiketi_cli.context import session


def down(
    ctx: typer.Context,
    *,
    keep_registry: Annotated[
        bool,
        typer.Option(
            "--keep-registry", help="Leave the registry and its images for the next `up`."
        ),
    ] = False,
    name: Name = "tiketi-local",
) -> None:
    """Remove the cluster, its data and everything else that was made for it; docker is as it was.

    tiketi cluster down
    tiketi cluster down --keep-registry
    """
    from tiketi_sdk.cluster.teardown import take_down

    here = session(ctx)
    with at_cluster(name=name) as site:
        removed = take_down(site, here.out.say, keep_registry=keep_registry)
    if removed.nothing:
        here.out.say("there was nothing to remove")
    here.out.facts(
        removed,
        {
            "nodes": removed.nodes_count,
            "registry": "removed"
            if removed.registry
            else "kept"
            if keep_registry
            else "there was none",
            "images": removed.images_count,
        },
    )
