"""Each thing that is wrong with a machine is found, and told with its cure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tiketi_sdk.cluster import ClusterSettings
from tiketi_sdk.cluster.kind_config import host_ports
from tiketi_sdk.cluster.machine import Machine, look, overlapping, parse_version
from tiketi_sdk.cluster.preflight import errors, judge
from tiketi_sdk.cluster.sources import find_sources

GIB = 1 << 30
FINE = Machine(
    docker=(28, 2, 2),
    programs={"docker": (28, 2, 2), "kind": (0, 27, 0), "kubectl": (1, 32, 4)},
    cores_count=8,
    memory_bytes=16 * GIB,
    disk_free_bytes=100 * GIB,
    inotify_watches_max=524_288,
    inotify_instances_max=512,
    nodes={},
    routes={"192.168.1.0/24": "eth0"},
    subnets={"Pods": "10.244.0.0/16", "Services": "10.96.0.0/16"},
)
SETTINGS = ClusterSettings(node_image=None)


def test_a_machine_that_is_fit_has_no_finding():
    found = judge(FINE, SETTINGS)
    assert {each.severity for each in found} == {"ok"}
    assert [each.cure for each in found if each.cure] == []


@pytest.mark.parametrize(
    ("change", "subject", "severity", "cure"),
    [
        ({"docker": None, "docker_problem": "nobody"}, "docker", "error", "start Docker"),
        ({"docker": (19, 3, 0)}, "docker", "error", "20.10"),
        ({"programs": {**FINE.programs, "kind": None}}, "kind", "error", "kind.sigs.k8s.io"),
        ({"programs": {**FINE.programs, "kubectl": (1, 18, 0)}}, "kubectl", "error", "1.20"),
        ({"cores_count": 1}, "cores", "warning", "2 cores"),
        ({"memory_bytes": 3 * GIB}, "memory", "error", "GiB of memory"),
        ({"memory_bytes": 5 * GIB}, "memory", "warning", "GiB of memory"),
        ({"disk_free_bytes": 2 * GIB}, "disk", "error", "docker system df"),
        ({"inotify_watches_max": 4_096}, "inotify max_user_watches", "warning", "sysctl"),
        ({"inotify_instances_max": 64}, "inotify max_user_instances", "warning", "sysctl"),
        ({"ports_taken": (3001, 3004)}, "ports", "error", "tiketi down"),
        ({"ports_taken": (5000,)}, "ports", "error", "registry"),
        ({"nodes": {"tiketi-local-worker": "exited"}}, "leftovers", "warning", "cluster up"),
        ({"routes": {"10.96.0.0/12": "tun0"}}, "subnets", "error", "serviceSubnet"),
        ({"subnets": {**FINE.subnets, "nodes": "10.96.4.0/24"}}, "subnets", "error", "kind"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_told_with_its_cure(change, subject, severity, cure):
    unwell = [each for each in judge(replace(FINE, **change), SETTINGS) if each.severity != "ok"]
    assert [(each.subject, each.severity) for each in unwell] == [(subject, severity)]
    assert cure in unwell[0].cure
    assert bool(errors(unwell)) == (severity == "error")


def test_a_cluster_that_stands_is_not_kept_from_its_user_by_what_is_scarce():
    nodes = {"tiketi-local-control-plane": "running"}
    machine = replace(FINE, nodes=nodes, disk_free_bytes=2 * GIB, memory_bytes=3 * GIB)
    unwell = [each for each in judge(machine, SETTINGS) if each.severity != "ok"]
    assert [(each.subject, each.severity) for each in unwell] == [
        ("memory", "warning"),
        ("disk", "warning"),
    ]


def test_facts_that_cannot_be_found_out_are_no_finding():
    machine = replace(
        FINE, cores_count=None, memory_bytes=None, disk_free_bytes=None,
        inotify_watches_max=None, inotify_instances_max=None,
    )  # fmt: skip
    assert {each.severity for each in judge(machine, SETTINGS)} == {"ok"}


def test_looking_at_this_machine_raises_nothing():
    machine = look(SETTINGS, find_sources().kind_config)
    assert set(machine.programs) == {"docker", "kind", "kubectl"}
    assert "Pods" in machine.subnets
    judge(machine, SETTINGS)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("kind v0.27.0 go1.24.1 linux/amd64", (0, 27, 0)),
        ("Client Version: v1.32.4-dispatcher\nKustomize Version: v5.5.0", (1, 32, 4)),
        ("20.10", (20, 10, 0)),
        ("none", None),
    ],
)
def test_versions_are_read(text, version):
    assert parse_version(text) == version


def test_ranges_that_share_an_address_are_found():
    assert overlapping("10.0.0.0/8", "10.244.0.0/16")
    assert not overlapping("172.18.0.0/16", "10.244.0.0/16")
    assert not overlapping("fc00::/64", "10.244.0.0/16")


def test_ports_are_those_of_the_configuration():
    nodes = [{"role": "worker"}, {"extraPortMappings": [{"hostPort": 3001}, {"hostPort": 3002}]}]
    assert host_ports({"nodes": nodes}) == [3001, 3002]
