"""Looks at this machine before a cluster is made on it: a snapshot of facts. Judges nothing (see preflight) and changes nothing."""

import ipaddress
import re
import shutil
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tiketi_sdk.cluster.engine import KIND_NETWORK, Engine
from tiketi_sdk.cluster.kind_config import host_ports, read_config
from tiketi_sdk.cluster.programs import run
from tiketi_sdk.cluster.settings import ClusterSettings
from tiketi_sdk.errors import ClusterError

Version = tuple[int, ...]
_GIB: Final = 1 << 30
_VERSION: Final = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?")
POD_SUBNET_DEFAULT: Final = "10.244.0.0/16"
SERVICE_SUBNET_DEFAULT: Final = "10.96.0.0/16"
_ROUTES: Final = Path("/proc/net/route")
_INOTIFY: Final = Path("/proc/sys/fs/inotify")
_BRIDGES: Final = ("br-", "docker", "veth")
"""Interfaces that docker makes. Of its networks only the one of the nodes is looked at (`subnets`): docker itself
keeps its networks apart from each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What was found. None: could not be found out, or is no concern on this system."""

    docker: Version | None = None
    """The engine's version; None where it does not answer."""
    docker_problem: str = ""
    programs: Mapping[str, Version | None]
    """docker, kind, kubectl → version; None where it is missing or does not say."""
    cores_count: int | None = None
    memory_bytes: int | None = None
    """All of docker's machine."""
    disk_free_bytes: int | None = None
    """Where docker keeps images."""
    inotify_watches_max: int | None = None
    inotify_instances_max: int | None = None
    ports_taken: Sequence[int] = ()
    """Of those wanted; ports that this very cluster holds are not counted."""
    nodes: Mapping[str, str]
    """Node container of this name's cluster → its state."""
    routes: Mapping[str, str]
    """Address range this machine reaches other than through docker → its interface."""
    subnets: Mapping[str, str]
    """What the cluster uses → its address range: pods, services, nodes."""

    @property
    def stands(self) -> bool:
        """Whether this name's cluster is there, every node running."""
        return bool(self.nodes) and set(self.nodes.values()) == {"running"}

    @property
    def memory_gib(self) -> float | None:
        """The same in GiB."""
        return None if self.memory_bytes is None else self.memory_bytes / _GIB

    @property
    def disk_free_gib(self) -> float | None:
        """The same in GiB."""
        return None if self.disk_free_bytes is None else self.disk_free_bytes / _GIB


def look(settings: ClusterSettings, kind_config: Path) -> Machine:
    """The facts as they are now; what cannot be found out is None. `ClusterError` where docker fails halfway."""
    config = read_config(kind_config)
    networking = config.get("networking") or {}
    subnets = {
        "Pods": str(networking.get("podSubnet", POD_SUBNET_DEFAULT)),
        "Services": str(networking.get("serviceSubnet", SERVICE_SUBNET_DEFAULT)),
    }
    wanted = [*host_ports(config), int(settings.registry_address.rpartition(":")[2])]
    programs = {name: _program_version(name) for name in ("docker", "kind", "kubectl")}
    common: dict[str, Any] = {
        "programs": programs,
        "inotify_watches_max": _number(_INOTIFY / "max_user_watches"),
        "inotify_instances_max": _number(_INOTIFY / "max_user_instances"),
        "routes": _routes(),
    }
    try:
        engine = Engine.open()
    except ClusterError as error:
        taken = tuple(port for port in wanted if _is_taken(port))
        return Machine(
            docker_problem=str(error), ports_taken=taken, nodes={}, subnets=subnets, **common
        )
    with engine:
        facts = engine.facts()
        for number, subnet in enumerate(engine.network_subnets(KIND_NETWORK) or ()):
            subnets[f"nodes {number + 1}"] = subnet
        ours = _own_ports(engine, settings)
        return Machine(
            docker=parse_version(str(facts["Version"])),
            cores_count=_integer(facts.get("NCPU")),
            memory_bytes=_integer(facts.get("MemTotal")),
            disk_free_bytes=_disk_free(str(facts.get("DockerRootDir") or "/")),
            ports_taken=tuple(port for port in wanted if port not in ours and _is_taken(port)),
            nodes={str(node.name): node.status for node in engine.nodes(settings.name)},
            subnets=subnets,
            **common,
        )


def parse_version(text: str) -> Version | None:
    """The first version in a text."""
    found = _VERSION.search(text)
    return None if found is None else tuple(int(part) for part in found.groups("0"))


def overlapping(one: str, other: str) -> bool:
    """Whether two address ranges share an address."""
    first, second = (
        ipaddress.ip_network(one, strict=False),
        ipaddress.ip_network(other, strict=False),
    )
    return first.version == second.version and first.overlaps(second)


def _program_version(name: str) -> Version | None:
    arguments = {"kubectl": ["version", "--client"], "kind": ["version"], "docker": ["--version"]}
    try:
        return parse_version(run([name, *arguments[name]], timeout_s=20))
    except ClusterError:
        return None


def _own_ports(engine: Engine, settings: ClusterSettings) -> set[int]:
    """Ports that this cluster's own containers hold now."""
    containers = [*engine.nodes(settings.name), engine.container(settings.registry_name)]
    found: set[int] = set()
    for container in containers:
        if container is None or container.status != "running":
            continue  # what is stopped holds no port: whoever has it now is somebody else
        bindings = container.attrs["HostConfig"].get("PortBindings") or {}
        found |= {
            int(each["HostPort"])
            for mapped in bindings.values()
            for each in mapped or ()
            if each.get("HostPort")
        }
    return found


def _is_taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _routes() -> dict[str, str]:
    """From the kernel's table, the default route and docker's bridges left out; empty where there is no such table."""
    try:
        lines = _ROUTES.read_text("ascii").splitlines()[1:]
    except OSError:
        return {}
    found = {}
    for line in lines:
        interface, destination, *_rest = line.split()
        mask = _rest[5]
        if interface.startswith(_BRIDGES) or int(mask, 16) == 0:
            continue
        address = ipaddress.IPv4Address(int.from_bytes(bytes.fromhex(destination), "little"))
        bits = int(mask, 16).bit_count()
        found[f"{address}/{bits}"] = interface
    return found


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):
        return None


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _disk_free(folder: str) -> int | None:
    """None where docker's folder is not of this machine (Docker Desktop)."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
