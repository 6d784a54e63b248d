"""The Pod Security Standards' profile `restricted`, rule by rule, for clusters whose API server does not know it yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Spec = dict[str, Any]

VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
CAPABILITIES = {"NET_BIND_SERVICE"}
SECCOMP = {"RuntimeDefault", "Localhost"}
SELINUX_TYPES = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_syncookies",
}
APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


def offences(pod: Spec, annotations: dict[str, str] | None = None) -> list[str]:
    """What the profile would refuse a Pod for; empty when it would let it in."""
    return [*_of_the_pod(pod, annotations or {}), *_of_containers(pod)]


def _of_the_pod(pod: Spec, annotations: dict[str, str]) -> Iterator[str]:
    context = pod.get("securityContext") or {}
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(name):
            yield name
    for volume in pod.get("volumes") or ():
        for kind in set(volume) - {"name"} - VOLUMES:
            yield f"volume {volume['name']}: {kind}"
    for sysctl in context.get("sysctls") or ():
        if sysctl["name"] not in SYSCTLS:
            yield f"sysctl {sysctl['name']}"
    if context.get("fsGroup") == 0:
        yield "fsGroup 0 is root's"  # of our own: the profile leaves it to us
    yield from _of_any_context("pod", context)
    for key, value in annotations.items():
        if key.startswith(APPARMOR) and not (
            value == "runtime/default" or value.startswith("localhost/")
        ):
            yield f"{key}: {value}"


def _of_containers(pod: Spec) -> Iterator[str]:
    above = pod.get("securityContext") or {}
    for container in [each for kind in CONTAINERS for each in pod.get(kind) or ()]:
        name, context = container["name"], container.get("securityContext") or {}
        if context.get("privileged"):
            yield f"{name}: privileged"
        if context.get("allowPrivilegeEscalation") is not False:
            yield f"{name}: allowPrivilegeEscalation"
        capabilities = context.get("capabilities") or {}
        if "ALL" not in (capabilities.get("drop") or ()):
            yield f"{name}: capabilities are not dropped"
        if extra := set(capabilities.get("add") or ()) - CAPABILITIES:
            yield f"{name}: capabilities {sorted(extra)}"
        if context.get("procMount", "Default") != "Default":
            yield f"{name}: procMount"
        if any(port.get("hostPort") for port in container.get("ports") or ()):
            yield f"{name}: hostPort"
        if any(asked.get("host") for asked in _asked(container)):
            yield f"{name}: asks another host than itself"
        if context.get("runAsNonRoot", above.get("runAsNonRoot")) is not True:
            yield f"{name}: may run as root"
        profile = (context.get("seccompProfile") or above.get("seccompProfile") or {}).get("type")
        if profile not in SECCOMP:
            yield f"{name}: seccomp {profile}"
        yield from _of_any_context(name, context)


def _of_any_context(where: str, context: Spec) -> Iterator[str]:
    """What is forbidden wherever it is said."""
    if context.get("runAsUser") == 0:
        yield f"{where}: runAsUser 0"
    if context.get("runAsNonRoot") is False:
        yield f"{where}: runAsNonRoot false"
    if (context.get("seccompProfile") or {}).get("type") == "Unconfined":
        yield f"{where}: seccomp Unconfined"
    if (context.get("appArmorProfile") or {}).get("type") == "Unconfined":
        yield f"{where}: AppArmor Unconfined"
    if (context.get("windowsOptions") or {}).get("hostProcess"):
        yield f"{where}: hostProcess"
    labels = context.get("seLinuxOptions") or {}
    if labels.get("type", "") not in SELINUX_TYPES or labels.get("user") or labels.get("role"):
        yield f"{where}: SELinux"


def _asked(container: Spec) -> Iterator[Spec]:
    """Whom probes and hooks ask by network."""
    hooks = container.get("lifecycle") or {}
    handlers = [container.get(f"{kind}Probe") for kind in ("startup", "readiness", "liveness")]
    for handler in [*handlers, hooks.get("postStart"), hooks.get("preStop")]:
        for kind in ("httpGet", "tcpSocket"):
            if handler and kind in handler:
                yield handler[kind]
