"""Work on a cluster that stands: restart, scale, logs, images into nodes. Makes no cluster and applies no manifests."""

from collections.abc import Sequence

from tiketi_sdk.cluster.programs import find, stream
from tiketi_sdk.cluster.site import Site
from tiketi_sdk.cluster.step import Tell
from tiketi_sdk.cluster.steps.apart import spread
from tiketi_sdk.cluster.waiting import wait_rolled_out
from tiketi_sdk.errors import ClusterError

_NAME = "app.kubernetes.io/name"
POOL_CONNECTIONS_MAX = 12
"""What one Pod of a service takes of PostgreSQL at most; of its sides too (`tiketi_platform`), as a test sees."""
STORE_CONNECTIONS_MAX = 250
"""What the local PostgreSQL gives (`manifests/stores/postgres`)."""
_SPARE_CONNECTIONS = 20
"""For the Job, for people, for PostgreSQL itself."""
_WITHOUT_DATABASE = frozenset({"queue", "sandbox"})


def restart(site: Site, service: str, tell: Tell) -> None:
    """Replace the Pods of a Deployment one after the other; returns once the new ones are ready, on nodes of their own."""
    _known(site, service)
    site.kube.restart(service)
    wait_rolled_out(site.kube, [service], tell)
    spread(site, tell, names=[service])


def scale(site: Site, service: str, replicas_count: int, *, tell: Tell) -> None:
    """Give a Deployment so many Pods; returns once they are ready and the others gone."""
    _known(site, service)
    _require_connections(site, service, replicas_count)
    site.kube.scale(service, replicas_count)
    wait_rolled_out(site.kube, [service], tell)


def log_command(site: Site, service: str | None, *, lines_count: int, follow: bool) -> list[str]:
    """The command line, with its program's full path, that prints the logs of one service or of all."""
    pods = site.kube.pods()
    names = sorted({(pod.metadata.labels or {}).get(_NAME, "") for pod in pods} - {""})
    if service is not None and service not in names:
        raise ClusterError(f"no Pods of {service!r}", cure=f"one of: {', '.join(names)}")
    selector = f"{_NAME}={service}" if service else "app.kubernetes.io/part-of=tiketi"
    kubectl, *named = site.kubectl_command()
    command = [
        find(kubectl),
        *named,
        "logs",
        "--selector",
        selector,
        "--prefix",
        "--all-containers",
    ]
    command += [
        "--ignore-errors",
        "--tail",
        str(lines_count),
        "--max-log-requests",
        str(max(5, len(pods))),
    ]
    return [*command, "--follow"] if follow else command


def load_images(site: Site, images: Sequence[str] | None = None, *, tell: Tell) -> list[str]:
    """Put images of this machine into every node; those of the manifests unless named. Which ones went."""
    if not site.engine.nodes(site.settings.name):
        raise ClusterError("there is no cluster", cure="tiketi cluster up")
    wanted = list(images) if images is not None else site.manifests.images()
    here = [each for each in wanted if site.engine.image_id(each)]
    missing = sorted(set(wanted) - set(here))
    if images is not None and missing:
        raise ClusterError(
            f"not on this machine: {', '.join(missing)}", cure="docker pull, or docker build"
        )
    for each in here:
        tell(f"loading {each}")
        command = ["kind", "load", "docker-image", each, "--name", site.settings.name]
        stream(command, tell, stop=site.stop)
    return here


def _require_connections(site: Site, service: str, replicas_count: int) -> None:
    """`ClusterError` for more Pods than PostgreSQL has connections for."""
    if service in _WITHOUT_DATABASE or not site.kube.stateful_sets():
        return
    wanted = {str(e.metadata.name): e.spec.replicas or 0 for e in site.kube.deployments()}
    before = sum(count for name, count in wanted.items() if name not in _WITHOUT_DATABASE)
    pods_max = (STORE_CONNECTIONS_MAX - _SPARE_CONNECTIONS) // POOL_CONNECTIONS_MAX
    after = before - wanted[service] + replicas_count
    if replicas_count > wanted[service] and after > pods_max:
        raise ClusterError(
            f"{after} Pods of services would take {after * POOL_CONNECTIONS_MAX} connections;"
            f" PostgreSQL here gives {STORE_CONNECTIONS_MAX}",
            cure=f"{service}: at most {max(1, pods_max - before + wanted[service])} beside the others,"
            " or raise max_connections in manifests/stores/postgres",
        )


def _known(site: Site, service: str) -> None:
    names = sorted(str(each.metadata.name) for each in site.kube.deployments())
    if service not in names:
        raise ClusterError(f"no Deployment {service!r}", cure=f"one of: {', '.join(names)}")
