"""Judges a machine before a cluster is made on it: every finding with its cure. Looks at nothing itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal

from tiketi_sdk.cluster.engine import START_CURE
from tiketi_sdk.cluster.machine import Machine, Version, overlapping
from tiketi_sdk.cluster.programs import INSTALL
from tiketi_sdk.cluster.settings import ClusterSettings

Severity = Literal["ok", "warning", "error"]

DOCKER_MIN: Final[Version] = (20, 10)
PROGRAMS_MIN: Final[dict[str, Version]] = {
    "docker": (20, 10),
    "kind": (0, 20),
    # Its Kustomize sets names and tags of images.
    "kubectl": (1, 20),
}
CORES_MIN: Final = 2
MEMORY_GIB_MIN: Final = 4.0
MEMORY_GIB_ADVISED: Final = 6.0
DISK_GIB_MIN: Final = 5.0
DISK_GIB_ADVISED: Final = 10.0
INOTIFY_WATCHES_MIN: Final = 8_192
INOTIFY_INSTANCES_MIN: Final = 128


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    severity: Severity
    text: str
    cure: str = ""
    """What to do about it; empty when all is well."""


def judge(machine: Machine, settings: ClusterSettings) -> list[Finding]:
    """Everything that was looked at, the well and the unwell, in a fixed order."""
    return [
        *_docker(machine),
        *_programs(machine),
        *_size(machine),
        *_inotify(machine),
        *_ports(machine, settings),
        *_leftovers(machine, settings),
        *_subnets(machine),
    ]


def errors(findings: list[Finding]) -> list[Finding]:
    """Those that a cluster cannot be made with."""
    return [each for each in findings if each.severity == "error"]


def _docker(machine: Machine) -> Iterator[Finding]:
    if machine.docker is None:
        text = machine.docker_problem or "docker does not say its version"
        yield Finding("docker", "error", text, START_CURE)
    elif machine.docker < DOCKER_MIN:
        yield Finding(
            "docker", "error", f"engine {_dotted(machine.docker)} is too old",
            f"install Docker {_dotted(DOCKER_MIN)} or newer",
        )  # fmt: skip
    else:
        yield Finding("docker", "ok", f"engine {_dotted(machine.docker)}")


def _programs(machine: Machine) -> Iterator[Finding]:
    for name, least in PROGRAMS_MIN.items():
        found = machine.programs.get(name)
        if found is None:
            yield Finding(name, "error", "not on the PATH, or does not start", INSTALL[name])
        elif found < least:
            text = f"{_dotted(found)} is too old"
            yield Finding(name, "error", text, f"{_dotted(least)} or newer; {INSTALL[name]}")
        else:
            yield Finding(name, "ok", _dotted(found))


def _size(machine: Machine) -> Iterator[Finding]:
    if machine.cores_count is not None:
        few = machine.cores_count < CORES_MIN
        cure = f"give docker at least {CORES_MIN} cores"
        yield _judged("cores", f"{machine.cores_count} cores", "warning" if few else "ok", cure)
    if (memory := machine.memory_gib) is not None:
        grade = _graded(memory, MEMORY_GIB_MIN, MEMORY_GIB_ADVISED, stands=machine.stands)
        cure = f"give docker {MEMORY_GIB_ADVISED:.0f} GiB of memory; {MEMORY_GIB_MIN:.0f} are the least"
        yield _judged("memory", f"{memory:.1f} GiB", grade, cure)
    if (disk := machine.disk_free_gib) is not None:
        grade = _graded(disk, DISK_GIB_MIN, DISK_GIB_ADVISED, stands=machine.stands)
        cure = f"free {DISK_GIB_ADVISED:.0f} GiB where docker keeps its images: docker system df"
        yield _judged("disk", f"{disk:.1f} GiB free", grade, cure)


def _inotify(machine: Machine) -> Iterator[Finding]:
    for name, found, least, advised in (
        ("max_user_watches", machine.inotify_watches_max, INOTIFY_WATCHES_MIN, 524_288),
        ("max_user_instances", machine.inotify_instances_max, INOTIFY_INSTANCES_MIN, 512),
    ):
        if found is not None:
            cure = f"sysctl -w fs.inotify.{name}={advised}"
            yield _judged(
                f"inotify {name}", f"{found:,}", "warning" if found < least else "ok", cure
            )


def _ports(machine: Machine, settings: ClusterSettings) -> Iterator[Finding]:
    if not machine.ports_taken:
        yield Finding("ports", "ok", "free, or this cluster's own")
        return
    listed = ", ".join(map(str, machine.ports_taken))
    cure = "a platform of `tiketi up`? `tiketi down` stops it; see who else it is: ss -ltnp"
    if set(machine.ports_taken) == {int(settings.registry_address.rpartition(":")[2])}:
        cure = "another registry? stop it; see who it is: ss -ltnp, docker ps"
    yield Finding("ports", "error", f"taken: {listed}", cure)


def _leftovers(machine: Machine, settings: ClusterSettings) -> Iterator[Finding]:
    if not machine.nodes:
        return
    stopped = sorted(name for name, state in machine.nodes.items() if state != "running")
    if stopped:
        cure = "`tiketi cluster up` starts or replaces them; `tiketi cluster down` removes them"
        yield Finding("leftovers", "warning", f"not running: {', '.join(stopped)}", cure)
    else:
        text = f"{settings.name} runs with {len(machine.nodes)} nodes: `up` goes on with it"
        yield Finding("leftovers", "ok", text)


def _subnets(machine: Machine) -> Iterator[Finding]:
    clashes = [
        f"{what} ({subnet}) and {interface} ({route})"
        for what, subnet in machine.subnets.items()
        for route, interface in machine.routes.items()
        if overlapping(subnet, route)
    ]
    clashes += [
        f"{what} ({subnet}) and {other} ({its})"
        for (what, subnet), (other, its) in combinations(machine.subnets.items(), 2)
        if overlapping(subnet, its)
    ]
    if clashes:
        cure = (
            "choose others: networking.podSubnet and serviceSubnet in manifests/kind/cluster.yaml;"
            " for the nodes: docker network rm kind, and default-address-pools in docker's daemon.json"
        )
        yield Finding("subnets", "error", f"the same addresses: {'; '.join(clashes)}", cure)
    else:
        yield Finding("subnets", "ok", ", ".join(machine.subnets.values()))


def _judged(subject: str, text: str, grade: Severity, cure: str) -> Finding:
    return Finding(subject, grade, text, "" if grade == "ok" else cure)


def _graded(found: float, least: float, advised: float, *, stands: bool) -> Severity:
    """A cluster that stands has found its place already: what is scarce is told, and keeps nobody from it."""
    if found < least and not stands:
        return "error"
    return "warning" if found < advised else "ok"


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))
