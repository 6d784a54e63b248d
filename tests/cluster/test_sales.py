"""A sale in the cluster ends clean whatever happens to Pods and nodes meanwhile."""

from __future__ import annotations

import json
import subprocess

from tiketi_sdk.contract.codes import Exit

CROWD = ("--users", "1000", "--seats", "small_theater", "--capacity", "40")
WORKER = "tiketi-local-worker2"
"""The one that keeps no volumes: manifests/kind/cluster.yaml."""


def assert_clean(report):
    assert report["audit"]["passed"], report["audit"]
    assert report["sold_count"] == report["seats_count"]


def test_a_thousand_people_and_a_new_image_rolled_out_among_them_lose_no_request(cluster, sale):
    status = json.loads(cluster.run("cluster", "status", "--json"))
    dockerfile = f"FROM {status['image']}\nENV TIKETI_REVISION=the-next\n"
    subprocess.run(
        ["docker", "build", "-t", "localhost:5000/tiketi-next:1", "-"],
        input=dockerfile.encode(),
        check=True,
        capture_output=True,
    )
    going = sale(CROWD)
    going.wait_for("users with points")
    cluster.run("cluster", "push", "--image", "localhost:5000/tiketi-next:1")
    changed = cluster.up("--image", "localhost:5000/tiketi-next:1")["changed"]
    assert "services" in changed
    report = going.outcome()
    assert_clean(report)
    assert report["results"]["samples"] == []
    services = json.loads(cluster.run("cluster", "status", "--json"))["services"]
    assert {service["revision"] for service in services} == {"the-next"}


def test_a_node_stopped_in_the_middle_sells_nothing_twice_and_the_sale_ends(cluster, sale):
    going = sale(CROWD)
    going.wait_for("users with points")
    cluster.docker("kill", WORKER)
    try:
        assert_clean(going.outcome())
    finally:
        cluster.docker("start", WORKER)
    cluster.up()


def test_scale_and_restart_are_not_undone_by_up(cluster):
    cluster.run("cluster", "scale", "queue", "3")
    cluster.run("cluster", "restart", "queue")
    assert cluster.up()["changed"] == []
    assert (
        cluster.kubectl("get", "deployment", "queue", "-o", "jsonpath={.status.readyReplicas}")
        == "3"
    )
    cluster.run("cluster", "scale", "queue", "2")
    assert "queue" in cluster.run("cluster", "logs", "queue", "-n", "1")


def test_what_somebody_removed_is_put_back(cluster):
    cluster.kubectl("delete", "service", "queue")
    assert "foundation" in cluster.up()["changed"]


def test_a_pod_that_does_not_become_ready_is_told_about_with_its_events(cluster):
    nowhere = "localhost:5001/tiketi:nothing"
    process = cluster.start("cluster", "up", "--json", "--image", nowhere)
    out, talk = process.communicate(timeout=900)
    assert process.returncode == Exit.UNAVAILABLE
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["step"] for event in events if event["state"] == "failed"] == ["database"]
    assert "ImagePullBackOff" in talk
    assert "event  Failed" in talk
    assert "database" in cluster.up()["changed"]


def test_policies_hold_where_the_network_enforces_them_and_the_doctor_knows(cluster):
    findings = json.loads(cluster.run("cluster", "doctor", "--json"))["items"]
    (told,) = [each for each in findings if each["subject"] == "network policies"]
    reached = cluster.kubectl(
        "exec", "deployment/queue", "--", "python", "-c",
        "import socket\n"
        "try: socket.create_connection(('postgres', 5432), 3); print('reached')\n"
        "except OSError: print('refused')",
    ).strip()  # fmt: skip
    assert (told["severity"] == "ok") == (reached == "refused")
