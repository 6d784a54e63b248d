"""The overlays as `kubectl kustomize` renders them, each once; needs kubectl (1.20 or newer) and no cluster."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
MANIFESTS = ROOT / "manifests"
OVERLAYS = ("local", "production")

Manifest = dict[str, Any]

_TEMPLATES = {"Deployment", "StatefulSet", "Job"}


@cache
def render(overlay: str) -> tuple[Manifest, ...]:
    """Every manifest of an overlay."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.fail(
            "kubectl renders the overlays and is not on the PATH (Debian: apt install kubernetes-client)"
        )
    done = subprocess.run(  # our own manifests
        [kubectl, "kustomize", str(MANIFESTS / "overlays" / overlay)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return tuple(yaml.load_all(done.stdout, yaml.CSafeLoader))


def of_kind(overlay: str, *kinds: str) -> list[Manifest]:
    return [each for each in render(overlay) if each["kind"] in kinds]


def one(overlay: str, kind: str, name: str) -> Manifest:
    found = [each for each in of_kind(overlay, kind) if each["metadata"]["name"] == name]
    assert len(found) == 1, f"{kind} {name} in {overlay}: {len(found)}"
    return found[0]


def title(manifest: Manifest) -> str:
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def workloads(overlay: str) -> list[Manifest]:
    """Whatever makes Pods."""
    return of_kind(overlay, *_TEMPLATES)


def pod_of(workload: Manifest) -> Manifest:
    """Its Pod template's spec."""
    spec: Manifest = workload["spec"]["template"]["spec"]
    return spec


def labels_of(workload: Manifest) -> dict[str, str]:
    """The labels its Pods will have."""
    labels: dict[str, str] = workload["spec"]["template"]["metadata"]["labels"]
    return labels


def containers(overlay: str) -> Iterator[tuple[str, Manifest]]:
    """`(title of the workload/container, container)` of every container, initial ones too."""
    for workload in workloads(overlay):
        pod = pod_of(workload)
        for container in (*pod.get("initContainers", ()), *pod["containers"]):
            yield f"{title(workload)}/{container['name']}", container


def matches(selector: Manifest, labels: dict[str, str]) -> bool:
    """Whether a label selector picks Pods with these labels."""
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    for expression in selector.get("matchExpressions", ()):
        assert expression["operator"] == "In", "no other operator is used"
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return True
