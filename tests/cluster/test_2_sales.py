"""A sale in the cluster ends clean whatever happens to Pods and nodes meanwhile."""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict

from tiketi_sdk.contract.codes import CODES

CROWD = ("--users", "1000", "--seats", "small_theater", "--capacity", "10")
SLOW = {"admit_per_second": 1, "capacity": 10}
"""265 seats take minutes: the sale is under way for as long as the test wants it to be."""
FAST = {"admit_per_second": 200, "capacity": 100}
WORKER = "tiketi-local-worker2"
"""The one that keeps no volumes: manifests/kind/cluster.yaml."""
SERVICES_COUNT = 6
NEXT = "localhost:5000/tiketi-next:1"


def assert_clean(report):
    assert report["audit"]["passed"], report["audit"]
    assert report["sold_count"] == report["seats_count"]


def failed(report):
    """Requests that got no answer or a fault of ours, those that were sent again with success included."""
    results = report["results"]
    told = {
        f"{operation}: {code}": count
        for kind in ("retried", "unexpected")
        for operation, codes in results[kind].items()
        for code, count in codes.items()
        if code not in CODES or CODES[code].status >= 500
    }
    return told | ({"samples": results["samples"]} if results["samples"] else {})


def test_a_thousand_people_and_a_new_image_rolled_out_among_them_lose_no_request(
    cluster, sale, tell
):
    image = json.loads(cluster.run("cluster", "status", "--json"))["image"]
    dockerfile = f"FROM {image}\nENV TIKETI_REVISION=the-next\n"
    build = ["docker", "build", "-t", NEXT, "-"]
    subprocess.run(build, input=dockerfile.encode(), check=True, capture_output=True)
    cluster.run("cluster", "push", "--image", NEXT)
    going = sale(CROWD)
    going.wait_for("arrived")
    going.pace(cluster, **SLOW)
    try:
        changed = cluster.up("--image", NEXT)["changed"]
        assert going.is_under_way, "it was to be rolled out in the middle"
    finally:
        cluster.docker("rmi", NEXT)
        going.pace(cluster, **FAST)
    assert "services" in changed
    services = json.loads(cluster.run("cluster", "status", "--json"))["services"]
    assert {service["revision"] for service in services} == {"the-next"}
    assert alone(cluster) == []
    report = going.outcome()
    assert_clean(report)
    assert failed(report) == {}
    cluster.image = NEXT
    tell(
        f"a new image among 1,000 people: {sum(map(sum_of, report['results']['replies'].values()))} answers"
    )


def alone(cluster):
    """Services whose Pods are all on one node."""
    nodes = defaultdict(set)
    for pod in json.loads(cluster.kubectl("get", "pods", "-o", "json"))["items"]:
        labels = pod["metadata"]["labels"]
        if (
            labels.get("app.kubernetes.io/component") == "service"
            and "deletionTimestamp" not in pod["metadata"]
        ):
            nodes[labels["app.kubernetes.io/name"]].add(pod["spec"]["nodeName"])
    assert len(nodes) == SERVICES_COUNT
    return sorted(name for name, of in nodes.items() if len(of) < 2)


def sum_of(codes):
    return sum(codes.values()) if isinstance(codes, dict) else int(codes)


def test_a_node_stopped_in_the_middle_sells_nothing_twice_and_the_sale_ends(cluster, sale):
    assert alone(cluster) == []
    going = sale(CROWD)
    going.wait_for("arrived")
    going.pace(cluster, **SLOW)
    try:
        assert going.is_under_way
        cluster.docker("kill", WORKER)
        assert going.is_under_way
        going.pace(cluster, **FAST)
        assert_clean(going.outcome())
    finally:
        cluster.docker("start", WORKER)
    cluster.up()
