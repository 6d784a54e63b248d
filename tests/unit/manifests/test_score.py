"""What kube-score asks of manifests by default, said as tests of our own; each exception says why it is one."""

import re
from fractions import Fraction

import pytest

from tests.unit.manifests.rendering import (
    OVERLAYS,
    Manifest,
    containers,
    labels_of,
    matches,
    of_kind,
    pod_of,
    render,
    title,
    workloads,
)

STABLE = {
    "v1",
    "apps/v1",
    "autoscaling/v2",
    "batch/v1",
    "networking.k8s.io/v1",
    "policy/v1",
}
USER_MIN = 10_000
STORES = {"postgres", "valkey"}
"""Their images' own user has a low number: their data belongs to it."""
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_UNITS = {
    "m": Fraction(1, 1000),
    "": Fraction(1),
    "Ki": Fraction(2**10),
    "Mi": Fraction(2**20),
    "Gi": Fraction(2**30),
}

every_overlay = pytest.mark.parametrize("overlay", OVERLAYS)


def amount(quantity: str) -> Fraction:
    found = re.fullmatch(r"(\d+)(m|Ki|Mi|Gi|)", str(quantity))
    assert found is not None, f"no quantity: {quantity}"
    return int(found[1]) * _UNITS[found[2]]


def picked_by(policies: list[Manifest], workload: Manifest, direction: str) -> list[str]:
    labels = labels_of(workload)
    return [
        title(policy)
        for policy in policies
        if direction in policy["spec"]["policyTypes"]
        and matches(policy["spec"]["podSelector"], labels)
    ]


@every_overlay
def test_api_versions_are_stable(overlay: str):
    assert {manifest["apiVersion"] for manifest in render(overlay)} <= STABLE


@every_overlay
def test_images_are_pinned(overlay: str):
    for where, container in containers(overlay):
        image = container["image"]
        name, at, digest = image.partition("@")
        if overlay == "production":
            assert at, f"{where}: {image} has no digest"
            assert re.fullmatch(r"sha256:[0-9a-f]{64}", digest)
            assert container["imagePullPolicy"] == "Always", where
        else:
            # A tag by content, from a registry on this machine or loaded into the node.
            assert re.search(r":(?!latest$)[\w.-]+$", name), f"{where}: {image}"
            assert container["imagePullPolicy"] == "IfNotPresent", where


@every_overlay
def test_requests_and_limits_are_said_of_cpu_memory_and_disk(overlay: str):
    for where, container in containers(overlay):
        requests, limits = (container["resources"][key] for key in ("requests", "limits"))
        assert set(requests) == set(limits) == {"cpu", "memory", "ephemeral-storage"}, where
        for resource, quantity in requests.items():
            assert 0 < amount(quantity) <= amount(limits[resource]), f"{where} {resource}"


@every_overlay
def test_containers_are_restricted_and_write_nothing_but_volumes(overlay: str):
    for where, container in containers(overlay):
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False, where
        assert context["privileged"] is False, where
        assert context["readOnlyRootFilesystem"] is True, where
        assert context["capabilities"]["drop"] == ["ALL"], where
        assert "add" not in context["capabilities"], where
        assert context["runAsNonRoot"] is True, where
        if where.split("/")[1] not in STORES:
            assert context["runAsUser"] >= USER_MIN, where
            assert context["runAsGroup"] >= USER_MIN, where


@every_overlay
def test_pods_share_nothing_with_their_node(overlay: str):
    for workload in workloads(overlay):
        pod, where = pod_of(workload), title(workload)
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod), where
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, where
        allowed = {"configMap", "emptyDir", "persistentVolumeClaim", "projected", "secret"}
        for volume in pod.get("volumes", ()):
            assert set(volume) - {"name"} <= allowed, f"{where} {volume}"
            if "emptyDir" in volume:
                assert "sizeLimit" in volume["emptyDir"], f"{where} {volume}"


@every_overlay
def test_no_pod_holds_a_token(overlay: str):
    accounts = {each["metadata"]["name"]: each for each in of_kind(overlay, "ServiceAccount")}
    used = set()
    for workload in workloads(overlay):
        pod = pod_of(workload)
        assert pod["automountServiceAccountToken"] is False, title(workload)
        assert pod["enableServiceLinks"] is False, title(workload)
        used.add(pod["serviceAccountName"])
    assert used == set(accounts), "each workload has an account, of its own"
    assert len(workloads(overlay)) == len(used)
    assert all(each["automountServiceAccountToken"] is False for each in accounts.values())


@every_overlay
def test_probes_are_there_and_ask_different_things(overlay: str):
    for workload in of_kind(overlay, "Deployment", "StatefulSet"):
        for container in pod_of(workload)["containers"]:
            probes = [container[name] for name in PROBES]
            assert all(probes.count(probe) == 1 for probe in probes), title(workload)
            readiness, liveness = container["readinessProbe"], container["livenessProbe"]
            actions = ("httpGet", "exec", "tcpSocket")
            assert {a: readiness.get(a) for a in actions} != {a: liveness.get(a) for a in actions}
            for probe in (readiness, liveness):
                assert probe["timeoutSeconds"] <= probe["periodSeconds"] + 1, title(workload)


@every_overlay
def test_every_pod_is_behind_a_policy_in_both_directions(overlay: str):
    policies = of_kind(overlay, "NetworkPolicy")
    general = {"NetworkPolicy/default-deny", "NetworkPolicy/dns"}
    for workload in workloads(overlay):
        for direction in ("Ingress", "Egress"):
            picked = picked_by(policies, workload, direction)
            assert "NetworkPolicy/default-deny" in picked, title(workload)
            assert set(picked) - general, f"{title(workload)}: nothing of its own for {direction}"
    deny = next(each for each in policies if each["metadata"]["name"] == "default-deny")
    assert deny["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@every_overlay
def test_every_policy_picks_some_pod(overlay: str):
    for policy in of_kind(overlay, "NetworkPolicy"):
        selector = policy["spec"]["podSelector"]
        assert any(matches(selector, labels_of(each)) for each in workloads(overlay)), title(policy)


@every_overlay
def test_every_service_picks_pods_that_have_its_port(overlay: str):
    for service in of_kind(overlay, "Service"):
        selector = {"matchLabels": service["spec"]["selector"]}
        picked = [each for each in workloads(overlay) if matches(selector, labels_of(each))]
        assert len(picked) == 1, title(service)
        offered = {
            port["name"]: port["containerPort"]
            for container in pod_of(picked[0])["containers"]
            for port in container["ports"]
        }
        for port in service["spec"]["ports"]:
            assert offered[port["targetPort"]] == port["port"], title(service)
            assert port["protocol"] == "TCP"  # server-side apply of Kubernetes 1.20 wants it said


@every_overlay
def test_pods_of_one_kind_keep_apart(overlay: str):
    for workload in of_kind(overlay, "Deployment", "StatefulSet"):
        terms = pod_of(workload)["affinity"]["podAntiAffinity"][
            "preferredDuringSchedulingIgnoredDuringExecution"
        ]
        assert any(
            matches(term["podAffinityTerm"]["labelSelector"], labels_of(workload))
            and term["podAffinityTerm"]["topologyKey"] == "kubernetes.io/hostname"
            for term in terms
        ), title(workload)


@every_overlay
def test_selectors_pick_their_own_pods_and_nobody_elses(overlay: str):
    for workload in of_kind(overlay, "Deployment", "StatefulSet"):
        selector = workload["spec"]["selector"]
        picked = [title(each) for each in workloads(overlay) if matches(selector, labels_of(each))]
        assert picked == [title(workload)]
        labels = labels_of(workload)
        assert all(re.fullmatch(r"[a-z0-9-]{1,63}", value) for value in labels.values())


@every_overlay
def test_no_environment_variable_is_set_twice(overlay: str):
    for where, container in containers(overlay):
        names = [each["name"] for each in container.get("env", ())]
        assert len(names) == len(set(names)), where
        assert not any("valueFrom" in each for each in container.get("env", ())), (
            f"{where}: secrets are files, an environment is passed on and printed"
        )


def test_stateful_sets_have_their_headless_service():
    for stateful in of_kind("local", "StatefulSet"):
        [service] = [
            each
            for each in of_kind("local", "Service")
            if each["metadata"]["name"] == stateful["spec"]["serviceName"]
        ]
        assert service["spec"]["clusterIP"] == "None"
        assert stateful["spec"]["volumeClaimTemplates"], "what it keeps must outlive its Pod"


def test_production_survives_a_lost_node_and_an_emptied_one():
    budgets = of_kind("production", "PodDisruptionBudget")
    scalers = {
        each["spec"]["scaleTargetRef"]["name"]: each
        for each in of_kind("production", "HorizontalPodAutoscaler")
    }
    deployments = of_kind("production", "Deployment")
    assert {each["metadata"]["name"] for each in deployments} == set(scalers)
    assert len(budgets) == len(deployments)
    for deployment in deployments:
        where = title(deployment)
        assert "replicas" not in deployment["spec"], f"{where}: the autoscaler says how many"
        spec = scalers[deployment["metadata"]["name"]]["spec"]
        assert 2 <= spec["minReplicas"] < spec["maxReplicas"], where
        budget = [
            each for each in budgets if matches(each["spec"]["selector"], labels_of(deployment))
        ]
        assert [each["spec"]["maxUnavailable"] for each in budget] == [1], where
        constraints = pod_of(deployment)["topologySpreadConstraints"]
        assert {each["topologyKey"] for each in constraints} == {
            "topology.kubernetes.io/zone",
            "kubernetes.io/hostname",
        }
        assert all(matches(each["labelSelector"], labels_of(deployment)) for each in constraints)


def test_locally_every_service_has_a_second_pod():
    for deployment in of_kind("local", "Deployment"):
        wanted = 1 if deployment["metadata"]["name"] == "sandbox" else 2
        assert deployment["spec"]["replicas"] == wanted
