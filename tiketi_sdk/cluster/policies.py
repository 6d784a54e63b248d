"""Finds out whether the cluster's network enforces NetworkPolicies, by trying what they forbid. Changes nothing."""

from typing import Final

from tiketi_sdk.cluster.pods import is_ready
from tiketi_sdk.cluster.site import Site
from tiketi_sdk.errors import ClusterError

_TRY_S: Final = 3
_PROGRAM: Final = (
    "import socket,sys\n"
    "try: socket.create_connection((sys.argv[1], int(sys.argv[2])), {timeout_s}).close()\n"
    "except OSError as error: print('refused', type(error).__name__)\n"
    "else: print('reached')\n"
)


def reaches(site: Site, service: str, host: str, port: int) -> bool:
    """Whether a Pod of `service` gets a TCP connection to an address of the cluster. Raises `ClusterError`."""
    pod = next(
        (each for each in site.kube.pods({"app.kubernetes.io/name": service}) if is_ready(each)),
        None,
    )
    if pod is None:
        raise ClusterError(f"no Pod of {service} is ready", cure="tiketi cluster status")
    said = site.kubectl(
        *("exec", str(pod.metadata.name), "--", "python", "-c"),
        *(_PROGRAM.format(timeout_s=_TRY_S), host, str(port)),
        timeout_s=30,
    )
    return said.startswith("reached")


def are_enforced(site: Site) -> bool:
    """Whether the waiting room, which has no business with PostgreSQL, is kept from it."""
    return not reaches(site, "queue", "postgres", 5432)
