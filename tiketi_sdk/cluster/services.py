"""Work on a cluster that stands: restart, scale, logs, images into nodes. Makes no cluster and applies no manifests."""

from collections.abc import Sequence

from tiketi_sdk.cluster.programs import find, stream
from tiketi_sdk.cluster.site import Site
from tiketi_sdk.cluster.step import Tell
from tiketi_sdk.cluster.waiting import wait_rolled_out
from tiketi_sdk.errors import ClusterError

_NAME = "app.kubernetes.io/name"


def restart(site: Site, service: str, tell: Tell) -> None:
    """Replace the Pods of a Deployment one after the other; returns once the new ones are ready."""
    _known(site, service)
    site.kube.restart(service)
    wait_rolled_out(site.kube, [service], tell)


def scale(site: Site, service: str, replicas_count: int, *, tell: Tell) -> None:
    """Give a Deployment so many Pods; returns once they are ready and the others gone."""
    _known(site, service)
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
        stream(["kind", "load", "docker-image", each, "--name", site.settings.name], tell)
    return here


def _known(site: Site, service: str) -> None:
    names = sorted(str(each.metadata.name) for each in site.kube.deployments())
    if service not in names:
        raise ClusterError(f"no Deployment {service!r}", cure=f"one of: {', '.join(names)}")
