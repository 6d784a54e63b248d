"""`tiketi cluster kubeconfig`."""

from typing import Annotated

import typer

from tiketi_cli.clustering import Name, at_cluster
from tiketi_cli.context import session


def kubeconfig(
    ctx: typer.Context,
    *,
    content: Annotated[
        bool, typer.Option("--content", help="Print the file itself; it holds keys.")
    ] = False,
    name: Name = "tiketi-local",
) -> None:
    """Print where the cluster's own kubeconfig lies. Nothing is ever written into yours.

    kubectl --kubeconfig "$(tiketi cluster kubeconfig)" get pods --all-namespaces
    tiketi cluster kubeconfig --content > cluster.kubeconfig
    """
    from tiketi_sdk.errors import ClusterError

    here = session(ctx)
    with at_cluster(name=name) as site:
        path = site.settings.kubeconfig
    if not path.is_file():
        raise ClusterError("there is no cluster", cure="tiketi cluster up")
    if content:
        here.out.line(path.read_text("utf-8").rstrip("\n"))
    elif here.json:
        here.out.document({"kubeconfig": path, "context": site.settings.context})
    else:
        here.out.line(str(path))
