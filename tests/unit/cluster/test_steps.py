"""What each step finds and does, on a mocked API and with programs that only say what they were asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from tiketi_platform.adapters.postgres.pool import connections_max_default
from tiketi_sdk.cluster import ClusterSettings, Site, outside, registry
from tiketi_sdk.cluster.doctor import examine
from tiketi_sdk.cluster.kube import APPLIED, IMAGE, OBJECTS, Kube
from tiketi_sdk.cluster.rendering import parse
from tiketi_sdk.cluster.services import (
    POOL_CONNECTIONS_MAX,
    STORE_CONNECTIONS_MAX,
    restart,
    scale,
)
from tiketi_sdk.cluster.sources import find_sources
from tiketi_sdk.cluster.steps.images import PushStep
from tiketi_sdk.cluster.steps.objects import (
    DatabaseStep,
    FoundationStep,
    PruneStep,
    ServicesStep,
)
from tiketi_sdk.cluster.steps.preflight import PreflightStep
from tiketi_sdk.cluster.steps.registry import WiringStep
from tiketi_sdk.cluster.steps.secrets import SecretsStep, read_secrets
from tiketi_sdk.errors import ClusterError

API_VERSIONS = {"Deployment": "apps/v1", "StatefulSet": "apps/v1", "Job": "batch/v1"}


def manifest(kind: str, name: str) -> dict[str, Any]:
    container = {"name": name, "image": "tiketi:1"}
    spec = {"template": {"spec": {"containers": [container]}}} if kind in API_VERSIONS else {}
    return {
        "apiVersion": API_VERSIONS.get(kind, "v1"),
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec,
    }


MANIFESTS = parse(
    yaml.safe_dump_all(
        [
            manifest("ConfigMap", "tiketi"),
            manifest("StatefulSet", "postgres"),
            manifest("Job", "database"),
            manifest("Deployment", "queue"),
            manifest("Deployment", "auth"),
        ]
    )
)


class Here(Site):
    """A site whose kubectl says what it is told to say."""

    def __init__(self, kube: Kube, folder: Path) -> None:
        settings = ClusterSettings(folder=folder, node_image=None, image="example.com/tiketi:1")
        super().__init__(settings)
        self._kube = kube
        self.__dict__["_manifests"] = MANIFESTS
        nobody: Any = SimpleNamespace(image_id=lambda _reference: None, close=lambda: None)
        self._engine = nobody
        self.asked: list[str] = []
        self.says = ""

    def kubectl(self, *arguments: str, stdin: str | None = None, timeout_s: float = 60.0) -> str:
        self.asked.append(" ".join(arguments))
        return self.says


@pytest.fixture
def site(kube: Kube, tmp_path: Path) -> Here:
    return Here(kube, tmp_path)


@pytest.fixture
def namespace(kmock: Any) -> Callable[..., None]:
    """Gives the namespace these annotations."""

    def annotated(**annotations: str) -> None:
        named = {key.replace("_", "/", 1): value for key, value in annotations.items()}
        kmock["get /api/v1/namespaces/tiketi"] << {"metadata": {"annotations": named}}

    return annotated


def workload(
    kmock: Any, kind: str, name: str, *, ready_count: int = 2, image: str = "tiketi:1"
) -> None:
    kmock.objects[f"apps/v1/{kind}", "tiketi", name] = {
        "metadata": {"name": name, "namespace": "tiketi", "generation": 1},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "template": {"spec": {"containers": [{"name": name, "image": image}]}},
        },
        "status": {
            "observedGeneration": 1,
            "replicas": 2,
            "updatedReplicas": 2,
            "readyReplicas": ready_count,
        },
    }


def annotation(key: str) -> str:
    return key.replace("/", "_", 1)


async def test_what_was_applied_and_stands_is_left_alone(kmock, site, namespace, apart):
    namespace(**{annotation(f"{APPLIED}services"): MANIFESTS.services.digest})
    workload(kmock, "deployments", "queue")
    workload(kmock, "deployments", "auth")
    site.says = "deployment.apps/queue\ndeployment.apps/auth\n"
    found = await apart(ServicesStep(site).check)
    assert (found.done, found.note) == (True, "queue, auth ready")
    assert site.asked == ["get -f - --ignore-not-found -o name"]


@pytest.mark.parametrize(
    ("digest", "says", "ready_count", "note"),
    [
        ("", "", 2, "not applied yet"),
        ("another", "", 2, "changed"),
        (None, "deployment.apps/queue\n", 2, "gone from the cluster: deployment/auth"),
        (None, "deployment.apps/queue\ndeployment.apps/auth\n", 1, "not ready: queue, auth"),
    ],
)
async def test_what_is_missing_changed_or_not_ready_is_told(
    kmock, site, namespace, apart, digest, says, ready_count, note
):
    applied = MANIFESTS.services.digest if digest is None else digest
    namespace(**({annotation(f"{APPLIED}services"): applied} if applied else {}))
    workload(kmock, "deployments", "queue", ready_count=ready_count)
    workload(kmock, "deployments", "auth", ready_count=ready_count)
    site.says = says
    found = await apart(ServicesStep(site).check)
    assert (found.done, found.note) == (False, note)


async def test_a_stage_is_remembered_before_it_is_applied_and_marked_once_it_stands(
    kmock, site, namespace, apart
):
    namespace(**{annotation(OBJECTS): '["service/old"]'})
    written = kmock["patch /api/v1/namespaces/tiketi"]
    written << {}
    workload(kmock, "deployments", "queue")
    workload(kmock, "deployments", "auth")
    await apart(ServicesStep(site).apply, lambda _line: None)
    told = [each.data["metadata"]["annotations"] for each in written]
    everything = ["deployment.apps/auth", "deployment.apps/queue", "service/old"]
    services = f"{APPLIED}services"
    assert [next(iter(each)) for each in told] == [services, OBJECTS, IMAGE, services]
    assert told[0][services] is None
    assert json.loads(told[1][OBJECTS]) == everything
    assert told[3][services] == MANIFESTS.services.digest
    assert site.asked == ["apply -f -"]


CODE = outside.code_of(find_sources())


@pytest.mark.parametrize(
    ("was", "now", "image"),
    [
        (CODE, CODE, "tiketi:0"),
        ("another", CODE, "tiketi:1"),
        (None, CODE, "tiketi:0"),
        ("another", None, "tiketi:0"),
    ],
)
async def test_the_outside_world_restarts_when_its_own_code_changed_and_with_no_release(
    site, namespace, apart, was, now, image
):
    both = [manifest("Deployment", "sandbox"), manifest("Deployment", "queue")]
    services = parse(yaml.safe_dump_all(both)).services
    namespace(**{annotation(outside.RECORD): json.dumps({"image": "tiketi:0", "code": was})})
    found = await apart(outside.settled, services, site.kube, now)
    assert (found.image_of("sandbox"), found.image_of("queue")) == (image, "tiketi:1")


async def test_the_stores_come_before_the_services_and_the_job_is_made_anew(
    kmock, site, namespace, apart
):
    namespace()
    written = kmock["patch /api/v1/namespaces/tiketi"]
    written << {}
    workload(kmock, "statefulsets", "postgres")
    assert await apart(FoundationStep(site).apply, lambda _line: None) == "postgres ready"
    deleted: list[str] = []
    site.kube.delete_job = deleted.append
    done = SimpleNamespace(status=SimpleNamespace(succeeded=1, conditions=None))
    # First the earlier one, then nothing, then ours.
    turns = iter([done, None, done])
    site.kube.job = lambda _name: next(turns)
    said: list[str] = []
    await apart(DatabaseStep(site).apply, said.append)
    assert deleted == ["database"]
    assert said[0] == "removing the earlier Job database"
    assert site.asked[-1] == "apply -f -"


async def test_what_no_manifest_has_any_more_is_taken_away_but_for_data(
    kmock, site, namespace, apart
):
    before = ["configmap/old", "persistentvolumeclaim/books", "deployment.apps/queue"]
    namespace(**{annotation(OBJECTS): json.dumps(before)})
    written = kmock["patch /api/v1/namespaces/tiketi"]
    written << {}
    step = PruneStep(site)
    assert (await apart(step.check)).note == "of another version: configmap/old"
    await apart(step.apply, lambda _line: None)
    assert site.asked == ["delete --ignore-not-found configmap/old"]
    (request,) = written
    kept = json.loads(request.data["metadata"]["annotations"][OBJECTS])
    assert kept == sorted(MANIFESTS.references)


async def test_with_nothing_left_over_nothing_is_taken_away(site, namespace, apart):
    namespace(**{annotation(OBJECTS): json.dumps(sorted(MANIFESTS.references))})
    assert (await apart(PruneStep(site).check)).done


def test_every_secret_is_made_with_every_key_and_a_key_that_came_later_is_added(site):
    made: dict[str, dict[str, str]] = {"tiketi-auth": {"auth-database": "as it was"}}

    def create(name: str, values: dict[str, str]) -> None:
        made.setdefault(name, dict(values))

    site.kube.ensure_namespace = lambda: None
    site.kube.secret = made.get
    site.kube.create_secret = create
    site.kube.add_to_secret = lambda name, values: made[name].update(values)
    step = SecretsStep(site)
    assert not step.check().done
    step.apply(lambda _line: None)
    wanted = read_secrets(find_sources().secrets)
    assert {name: set(keys) for name, keys in wanted.items()} == {
        name: set(values) for name, values in made.items()
    }
    assert made["tiketi-auth"]["auth-database"] == "as it was"
    assert step.check().done


async def test_a_service_is_scaled_and_restarted_by_its_deployment(kmock, site, apart):
    workload(kmock, "deployments", "queue")
    scaled = kmock["patch /apis/apps/v1/namespaces/tiketi/deployments/queue/scale"]
    scaled << {}
    await apart(lambda: scale(site, "queue", 2, tell=print))
    (request,) = scaled
    assert request.data == {"spec": {"replicas": 2}}
    await apart(restart, site, "queue", print)
    with pytest.raises(ClusterError, match="nobody") as refused:
        await apart(restart, site, "nobody", print)
    assert "queue" in refused.value.cure


async def test_more_pods_than_the_database_has_connections_for_are_refused(kmock, site, apart):
    workload(kmock, "deployments", "auth")
    workload(kmock, "deployments", "queue")
    workload(kmock, "statefulsets", "postgres")
    with pytest.raises(ClusterError, match="connections") as refused:
        await apart(lambda: scale(site, "auth", 20, tell=print))
    assert "auth: at most 19" in refused.value.cure


def test_connections_are_counted_as_the_services_and_the_store_count_them():
    assert connections_max_default == POOL_CONNECTIONS_MAX
    store = find_sources().manifests / "stores" / "postgres" / "stateful-set.yaml"
    assert f"max_connections={STORE_CONNECTIONS_MAX}" in store.read_text(encoding="utf-8")


def test_an_image_of_elsewhere_is_not_pushed(site):
    found = PushStep(site).check()
    assert (found.done, found.note) == (True, "example.com/tiketi:1: the nodes fetch it")


class Nodes:
    """Docker as the wiring sees it: a registry, nodes, and the files in them."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.networks: set[str] = set()

    def container(self, name: str) -> Any:
        return SimpleNamespace(name=name)

    def nodes(self, _cluster: str) -> list[Any]:
        return [SimpleNamespace(name="one"), SimpleNamespace(name="two")]

    def networks_of(self, _container: Any) -> set[str]:
        return self.networks

    def connect(self, _container: Any, network: str) -> None:
        self.networks.add(network)

    def read_file(self, node: Any, path: str) -> str | None:
        return self.files.get(f"{node.name}{path}")

    def write_file(self, node: Any, path: str, text: str) -> None:
        self.files[f"{node.name}{path}"] = text

    def close(self) -> None:
        """As an engine is closed."""


def test_every_node_is_told_of_the_registry_once(site):
    site._engine = Nodes()
    step = WiringStep(site)
    assert step.check().note == "not on the nodes' network"
    assert step.apply(lambda _line: None) == "known to 2 nodes"
    assert step.check().done
    del site._engine.files["two/etc/containerd/certs.d/localhost:5000/hosts.toml"]
    assert step.check().note == "two does not know it"


def test_an_unknown_overlay_is_told_before_anything_is_done(tmp_path):
    with (
        Site(ClusterSettings(folder=tmp_path, overlay="nowhere")) as site,
        pytest.raises(ClusterError, match="nowhere"),
    ):
        PreflightStep(site).check()


def test_a_registry_that_is_not_there_has_no_image():
    assert registry.digest_of("127.0.0.1:1", "tiketi", "1") is None
    assert not registry.answers("127.0.0.1:1")


def test_the_doctor_says_what_there_is_to_do_where_there_is_no_docker(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    with Site(ClusterSettings(name="tiketi-nobody", folder=tmp_path)) as site:
        wrong = [each for each in examine(site) if each.severity == "error"]
    assert any("start Docker" in each.cure for each in wrong if each.subject == "docker")
