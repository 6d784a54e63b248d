"""`tiketi cluster doctor`."""

import typer

from tiketi_cli.clustering import Name, at_cluster
from tiketi_cli.context import session


def doctor(ctx: typer.Context, *, name: Name = "tiketi-local") -> None:
    """Examine this machine and the cluster: each finding with its cure. Fails where there is an error.

    tiketi cluster doctor
    tiketi cluster doctor --json | jq '.items[] | select(.severity != "ok")'
    """
    from tiketi_sdk.cluster.doctor import examine
    from tiketi_sdk.cluster.preflight import errors
    from tiketi_sdk.contract.codes import Exit

    here = session(ctx)
    with at_cluster(name=name) as site:
        findings = examine(site)
    here.out.items(
        findings,
        {
            "what": lambda finding: finding.subject,
            "finding": lambda finding: finding.severity,
            "it is": lambda finding: finding.text,
            "cure": lambda finding: finding.cure,
        },
    )
    if errors(findings):
        raise typer.Exit(Exit.FINDINGS)
