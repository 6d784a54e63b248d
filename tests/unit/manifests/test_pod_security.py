"""Every Pod of every overlay is let in by a namespace that enforces `restricted`, which ours does."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.manifests.pod_security import offences
from tests.unit.manifests.rendering import OVERLAYS, of_kind, pod_of, title, workloads

every_overlay = pytest.mark.parametrize("overlay", OVERLAYS)
MODES = ("enforce", "warn", "audit")


@every_overlay
def test_the_namespace_enforces_the_restricted_profile(overlay: str):
    [namespace] = of_kind(overlay, "Namespace")
    labels = namespace["metadata"]["labels"]
    assert {labels[f"pod-security.kubernetes.io/{mode}"] for mode in MODES} == {"restricted"}


@every_overlay
def test_no_pod_offends_it(overlay: str):
    for workload in workloads(overlay):
        annotations = workload["spec"]["template"]["metadata"].get("annotations")
        assert offences(pod_of(workload), annotations) == [], title(workload)


GOOD: dict[str, Any] = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {
            "name": "one",
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            },
            "ports": [{"containerPort": 80}],
            "readinessProbe": {"httpGet": {"path": "/", "port": 80}},
        }
    ],
    "volumes": [{"name": "tmp", "emptyDir": {}}],
}
ROOT_BEFORE_IT = {
    "name": "own-volume",
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "runAsUser": 0,
        "capabilities": {"drop": ["ALL"], "add": ["CHOWN"]},
    },
}


def in_pod(**said: Any) -> Callable[[dict[str, Any]], None]:
    return lambda pod: pod["securityContext"].update(said)


def in_container(**said: Any) -> Callable[[dict[str, Any]], None]:
    return lambda pod: pod["containers"][0]["securityContext"].update(said)


BROKEN: dict[str, Callable[[dict[str, Any]], object]] = {
    "hostNetwork": lambda pod: pod.update(hostNetwork=True),
    "hostPID": lambda pod: pod.update(hostPID=True),
    "hostIPC": lambda pod: pod.update(hostIPC=True),
    "a folder of the node": lambda pod: pod["volumes"].append(
        {"name": "node", "hostPath": {"path": "/"}}
    ),
    "a volume from the network": lambda pod: pod["volumes"].append({"name": "far", "nfs": {}}),
    "a port of the node": lambda pod: pod["containers"][0]["ports"].append({"hostPort": 80}),
    "a probe of another host": lambda pod: pod["containers"][0]["readinessProbe"]["httpGet"].update(
        host="10.0.0.1"
    ),
    "a hook to another host": lambda pod: pod["containers"][0].update(
        lifecycle={"preStop": {"tcpSocket": {"host": "10.0.0.1", "port": 80}}}
    ),
    "privileged": in_container(privileged=True),
    "escalation": in_container(allowPrivilegeEscalation=True),
    "escalation unsaid": lambda pod: pod["containers"][0]["securityContext"].pop(
        "allowPrivilegeEscalation"
    ),
    "capabilities kept": in_container(capabilities={}),
    "one dropped only": in_container(capabilities={"drop": ["CHOWN"]}),
    "one added": in_container(capabilities={"drop": ["ALL"], "add": ["SYS_ADMIN"]}),
    "procMount": in_container(procMount="Unmasked"),
    "no word on root": lambda pod: pod["securityContext"].pop("runAsNonRoot"),
    "root allowed in one": in_container(runAsNonRoot=False),
    "root by number": in_container(runAsUser=0),
    "root by number for all": in_pod(runAsUser=0),
    "root's group for all": in_pod(fsGroup=0),
    "no seccomp": lambda pod: pod["securityContext"].pop("seccompProfile"),
    "seccomp taken off in one": in_container(seccompProfile={"type": "Unconfined"}),
    "AppArmor taken off": in_pod(appArmorProfile={"type": "Unconfined"}),
    "SELinux": in_container(seLinuxOptions={"type": "spc_t"}),
    "SELinux's user": in_pod(seLinuxOptions={"user": "system_u"}),
    "hostProcess": in_pod(windowsOptions={"hostProcess": True}),
    "a sysctl of the node": in_pod(sysctls=[{"name": "kernel.msgmax", "value": "1"}]),
    "root in an initial container": lambda pod: pod.update(initContainers=[ROOT_BEFORE_IT]),
}


def test_a_pod_that_keeps_to_it_is_let_in():
    assert offences(GOOD) == []
    named = {"container.apparmor.security.beta.kubernetes.io/one": "runtime/default"}
    assert offences(GOOD, named) == []


@pytest.mark.parametrize("what", BROKEN)
def test_whatever_it_forbids_is_seen(what: str):
    pod = copy.deepcopy(GOOD)
    BROKEN[what](pod)
    assert offences(pod) != []


def test_apparmor_taken_off_the_old_way_is_seen():
    named = {"container.apparmor.security.beta.kubernetes.io/one": "unconfined"}
    assert offences(GOOD, named) != []
