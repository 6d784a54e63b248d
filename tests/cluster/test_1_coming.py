"""A cluster comes from nothing through kill -9 in the middle of every step, and stands still when asked again."""

from __future__ import annotations

import json
import time

from tests.unit.manifests.pod_security import offences
from tests.users import REPOSITORY
from tiketi_sdk.cluster.kube import OBJECTS
from tiketi_sdk.contract.codes import Exit

STEPS = (
    "registry", "stores", "build", "cluster", "push", "wiring", "secrets",
    "volumes", "foundation", "database", "services", "smoke", "prune",
)  # fmt: skip
ALWAYS = {
    "wiring", "secrets", "volumes", "foundation", "database", "services", "smoke", "prune",
}  # fmt: skip
"""Made to be missing, or needing one that was just killed: these cannot have ended beside another step."""
WORKER = "tiketi-local-worker"
MANY = 15
"""Two of each service, stores, sandbox."""
IMAGE_BYTES_MAX = 250_000_000


def test_before_it_is_there_everybody_says_so(lab):
    assert lab.run("cluster", "status", "--json", status=Exit.UNAVAILABLE)
    assert lab.run("cluster", "kubeconfig", status=Exit.UNAVAILABLE) == ""


def test_it_goes_on_after_kill_9_in_the_middle_of_each_step(lab, tell):
    began_s, interrupted = time.monotonic(), []
    for step in STEPS:
        # What may have been made beside an earlier step is made to be missing again.
        if step == "wiring" and WORKER in lab.docker("ps", "--format", "{{.Names}}").split():
            lab.docker("exec", WORKER, "rm", "-rf", "/etc/containerd/certs.d/localhost:5000")
        if step == "secrets":
            lab.kubectl("delete", "secret", "tiketi-images", "--ignore-not-found")
        if step == "volumes" and WORKER in lab.docker("ps", "--format", "{{.Names}}").split():
            # Nobody keeps anything in it yet: the sandbox comes with the services.
            lab.docker("exec", WORKER, "rm", "-rf", "/var/lib/tiketi/sandbox")
        if step == "foundation":
            lab.kubectl("delete", "service", "queue", "--ignore-not-found")
        if step == "prune":
            leave_something_old(lab)
        # A step beside which another was killed may have come to its end there.
        if lab.killed_at(step):
            interrupted.append(step)
    assert set(interrupted) >= ALWAYS
    leave_something_old(lab)
    assert "prune" in lab.up()["changed"]
    seconds = time.monotonic() - began_s
    tell(f"up from nothing in {seconds:.1f} s, killed in the middle of {', '.join(interrupted)}")


def leave_something_old(lab):
    old = json.dumps(["configmap/of-an-earlier-version"])
    lab.kubectl("annotate", "--overwrite", "namespace", "tiketi", f"{OBJECTS}={old}")


def test_up_again_changes_nothing(cluster, tell):
    began_s = time.monotonic()
    again = cluster.up()
    tell(f"up again: {time.monotonic() - began_s:.1f} s")
    assert again["changed"] == []


def test_everything_is_well_and_nothing_of_the_users_was_touched(cluster):
    status = json.loads(cluster.run("cluster", "status", "--json"))
    assert status["state"] == "ready"
    assert [node["ready"] for node in status["nodes"]] == [True] * 3
    assert {service["state"] for service in status["services"]} == {"ready"}
    assert {service["endpoints_count"] >= 1 for service in status["services"]} == {True}
    findings = json.loads(cluster.run("cluster", "doctor", "--json"))["items"]
    assert [each for each in findings if each["severity"] == "error"] == []
    me = json.loads(cluster.run("--profile", "local-cluster", "--json", "auth", "me"))
    assert me["role"] == "admin"
    assert not (cluster.home / "somebody-elses").exists()


def test_no_pod_is_more_than_restricted_and_data_is_where_it_was_to_be(cluster):
    """Of what the cluster made of the manifests, since the lab's API server does not know the profile."""
    namespace = json.loads(cluster.kubectl("get", "namespace", "tiketi", "-o", "json"))
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    pods = json.loads(cluster.kubectl("get", "pods", "-o", "json"))["items"]
    assert len(pods) >= MANY
    refused = {
        pod["metadata"]["name"]: offences(pod["spec"], pod["metadata"].get("annotations"))
        for pod in pods
    }
    assert refused == {name: [] for name in refused}
    claims = json.loads(cluster.kubectl("get", "persistentvolumeclaims", "-o", "json"))["items"]
    bound = {claim["metadata"]["name"]: claim["spec"]["volumeName"] for claim in claims}
    assert bound == {
        "data-postgres-0": "tiketi-postgres",
        "data-valkey-0": "tiketi-valkey",
        "sandbox": "tiketi-sandbox",
    }


def test_the_image_is_small_and_another_commit_builds_no_layer_anew(cluster, tell):
    image = json.loads(cluster.run("cluster", "status", "--json"))["image"]
    assert int(cluster.docker("inspect", "-f", "{{.Size}}", image)) < IMAGE_BYTES_MAX
    began_s = time.monotonic()
    dockerfile = str(REPOSITORY / "platform" / "Dockerfile")
    revision = ("--build-arg", "REVISION=another")
    again = cluster.docker("build", "-q", "-f", dockerfile, *revision, str(REPOSITORY)).strip()
    tell(f"built again for another commit: {time.monotonic() - began_s:.1f} s")
    layers = "{{.RootFS.Layers}}"
    assert cluster.docker("inspect", "-f", layers, again) == cluster.docker(
        "inspect", "-f", layers, image
    ), "a commit changes no layer"
    cluster.docker("rmi", again)


def test_a_cluster_of_somebody_else_stays_as_it_is(lab):
    label = ("--label", "io.x-k8s.kind.cluster=tiketi-elsewhere")
    role = ("--label", "io.x-k8s.kind.role=control-plane")
    name = "tiketi-elsewhere-control-plane"
    lab.docker("create", "--name", name, *label, *role, "registry:2")
    try:
        for command in ("up", "down"):
            lab.run("cluster", command, "--name", "tiketi-elsewhere", status=Exit.UNAVAILABLE)
        assert lab.docker("ps", "-aq", "--filter", f"name=^{name}$").strip()
    finally:
        lab.docker("rm", "-fv", name)
