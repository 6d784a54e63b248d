"""The manifests and the platform agree: ports, addresses, settings, secrets, edges, and how Pods come and go."""

import json
import tomllib

import pytest

from tests.unit.manifests.rendering import (
    MANIFESTS,
    OVERLAYS,
    Manifest,
    labels_of,
    matches,
    of_kind,
    one,
    pod_of,
    title,
    workloads,
)
from tiketi_platform.framework.settings import Settings
from tiketi_platform.runtime.registry import NAMES
from tiketi_sdk.contract.services import SERVICES

NODE_PORT_MIN = 30_000
SECRETS = tomllib.loads((MANIFESTS / "secrets.toml").read_text(encoding="utf-8"))
"""Name of a Secret → key → kind of value."""

every_overlay = pytest.mark.parametrize("overlay", OVERLAYS)


def config(overlay: str) -> dict[str, str]:
    [found] = of_kind(overlay, "ConfigMap")
    data: dict[str, str] = found["data"]
    return data


def mounted(workload: Manifest) -> dict[str, dict[str, str]]:
    """Folder → file in it → `secret/key` it comes from."""
    pod = pod_of(workload)
    sources = {}
    for volume in pod.get("volumes", ()):
        if "secret" in volume:
            named = {"name": volume["secret"]["secretName"], **volume["secret"]}
            sources[volume["name"]] = (volume["secret"], [named])
        elif "projected" in volume:
            listed = [each["secret"] for each in volume["projected"]["sources"]]
            sources[volume["name"]] = (volume["projected"], listed)
    folders = {}
    for mount in pod["containers"][0]["volumeMounts"]:
        if mount["name"] in sources:
            volume, listed = sources[mount["name"]]
            assert mount["readOnly"] is True
            assert volume["defaultMode"] == 0o440, "for the Pod's group, for nobody else"
            folders[mount["mountPath"]] = files(listed)
    return folders


def files(sources: list[Manifest]) -> dict[str, str]:
    found: dict[str, str] = {}
    for source in sources:
        keys = [each["key"] for each in source.get("items", ())] or list(SECRETS[source["name"]])
        for key in keys:
            assert key in SECRETS[source["name"]], f"{source['name']} has no key {key}"
            assert key not in found, f"two files named {key}"
            found[key] = f"{source['name']}/{key}"
    return found


@every_overlay
def test_the_services_of_the_contract_and_no_others_are_deployed(overlay: str):
    deployed = {each["metadata"]["name"] for each in of_kind(overlay, "Deployment")}
    assert deployed == {*NAMES, *(["sandbox"] if overlay == "local" else [])}
    for name in NAMES:
        [container] = pod_of(one(overlay, "Deployment", name))["containers"]
        assert container["args"] == ["--services", name]
        assert container["ports"][0]["containerPort"] == SERVICES[name].port


def test_the_six_differ_in_what_they_must_and_in_nothing_else():
    def without_differences(name: str) -> Manifest:
        deployment = one("local", "Deployment", name)
        text = json.dumps(deployment).replace(name, "NAME").replace(str(SERVICES[name].port), "0")
        same: Manifest = json.loads(text)
        pod = pod_of(same)
        pod["volumes"] = [each for each in pod["volumes"] if each["name"] == "tmp"]
        container = pod["containers"][0]
        container["volumeMounts"] = [m for m in container["volumeMounts"] if m["name"] == "tmp"]
        del container["resources"]
        return same

    first = without_differences(NAMES[0])
    assert all(without_differences(name) == first for name in NAMES[1:])


def test_node_ports_are_the_host_ports_of_the_cluster_in_the_same_order():
    ports = {name: one("local", "Service", name)["spec"]["ports"][0]["nodePort"] for name in NAMES}
    assert ports == {name: NODE_PORT_MIN + number for number, name in enumerate(NAMES)}
    assert all(one("local", "Service", name)["spec"]["type"] == "NodePort" for name in NAMES)
    assert {each["spec"]["type"] for each in of_kind("production", "Service")} == {"ClusterIP"}


@every_overlay
def test_settings_are_all_understood_and_come_out_as_meant(overlay: str):
    environ = config(overlay)
    known = Settings().to_environ().keys() | {f"TIKETI_{name.upper()}_URL" for name in NAMES}
    assert set(environ) <= known
    settings = Settings.from_environ(environ)
    assert settings.sandbox is (overlay == "local")
    for name in NAMES:
        assert settings.peer_url(name) == f"http://{name}:{SERVICES[name].port}"
    assert "@" not in settings.database_url, "the password is a file, not a part of the address"
    assert "@" not in settings.redis_url


@every_overlay
def test_pods_have_time_to_go_without_losing_a_request(overlay: str):
    settings = Settings.from_environ(config(overlay))
    for name in NAMES:
        deployment = one(overlay, "Deployment", name)
        assert deployment["spec"]["strategy"]["rollingUpdate"] == {
            "maxUnavailable": 0,
            "maxSurge": 1,
        }
        pod = pod_of(deployment)
        [container] = pod["containers"]
        program, seconds = container["lifecycle"]["preStop"]["exec"]["command"]
        assert program == "sleep"
        assert int(seconds) >= container["readinessProbe"]["periodSeconds"]
        needed_s = int(seconds) + settings.linger_s + settings.drain_s
        assert settings.linger_s > 0, "keep-alive connections are asked to go before they are cut"
        assert pod["terminationGracePeriodSeconds"] >= needed_s + 10, name


@every_overlay
def test_every_pod_finds_its_secrets_and_no_others(overlay: str):
    settings = Settings.from_environ(config(overlay))
    databases = {f"{name}-database" for name in NAMES if name != "queue"}
    everybody = {f"{name}-service" for name in NAMES}
    extra = {
        "auth": everybody | {"admin-password", "google-client-secret"},
        "payment": {"toss-secret-key"},
    }
    for name in NAMES:
        folders = mounted(one(overlay, "Deployment", name))
        own = {f"{name}-service", f"{name}-database"} & (databases | everybody)
        if overlay == "local" and name == "event":
            own |= {"s3-access-key", "s3-secret-key"}
        assert set(folders[str(settings.secrets_dir)]) == own | {"valkey"} | extra.get(name, set())
        keys = folders.get(str(settings.keys_dir), {})
        signs = name in {"auth", "queue", "reservation"}
        assert set(keys) == ({f"{name}.pem"} if signs else set())
    job = mounted(one(overlay, "Job", "database"))
    assert set(job[str(settings.secrets_dir)]) == databases | {"postgres"}


def test_every_secret_is_mounted_somewhere_and_of_a_known_kind():
    used = {
        source
        for workload in workloads("local")
        for folder in mounted(workload).values()
        for source in folder.values()
    }
    assert used == {f"{name}/{key}" for name, keys in SECRETS.items() for key in keys}
    assert {kind for keys in SECRETS.values() for kind in keys.values()} <= {"password", "ed25519"}


def test_no_secret_is_written_down():
    for overlay in OVERLAYS:
        assert of_kind(overlay, "Secret") == []


CALLS = {
    "auth": {"auth"},
    "event": {"auth"},
    "queue": {"auth", "event"},
    "reservation": {"auth", "event", "queue"},
    "payment": {"auth", "queue", "reservation"},
    "notification": {"auth"},
}
"""Who asks whom: everybody asks auth for its keys, auth itself included."""


def reached_from(overlay: str, name: str) -> set[str]:
    """The Pods that may be reached from another's, as far as its own end of the edge goes."""
    labels = labels_of(next(e for e in workloads(overlay) if e["metadata"]["name"] == name))
    found = set()
    for policy in of_kind(overlay, "NetworkPolicy"):
        if matches(policy["spec"]["podSelector"], labels):
            for rule in policy["spec"].get("egress", ()):
                for peer in rule["to"]:
                    if "podSelector" in peer and "namespaceSelector" not in peer:
                        found.add(peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"])
    return found


@every_overlay
def test_services_reach_whom_they_call_and_nobody_else(overlay: str):
    local: dict[str, set[str]] = {name: set() for name in NAMES}
    if overlay == "local":
        local = {name: {"valkey"} | (set() if name == "queue" else {"postgres"}) for name in NAMES}
        local["auth"] |= {"sandbox"}
        local["event"] |= {"sandbox"}
        local["payment"] |= {"sandbox"}
        local["notification"] |= {"sandbox"}
    for name in NAMES:
        assert reached_from(overlay, name) == CALLS[name] | local[name], name


def test_stores_answer_those_who_use_them_and_call_nobody():
    users = {"postgres": {*NAMES, "database"} - {"queue"}, "valkey": set(NAMES)}
    for store, wanted in users.items():
        policy = one("local", "NetworkPolicy", store)["spec"]
        [rule] = policy["ingress"]
        admitted = {
            each["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for each in rule["from"]
        }
        assert admitted == wanted
        assert reached_from("local", store) == set()


def test_production_has_no_stand_ins():
    assert {title(each) for each in workloads("production")} == {
        "Job/database",
        *(f"Deployment/{name}" for name in NAMES),
    }
    outside = one("production", "NetworkPolicy", "to-the-outside")["spec"]["egress"][0]["to"]
    assert "169.254.0.0/16" in outside[0]["ipBlock"]["except"], "nodes' metadata stay unreachable"


def test_a_change_of_settings_is_a_rollout():
    for overlay in OVERLAYS:
        [found] = of_kind(overlay, "ConfigMap")
        name = found["metadata"]["name"]
        assert name.startswith("tiketi-"), "no hash in its name"
        for workload in workloads(overlay):
            for container in pod_of(workload)["containers"]:
                for source in container.get("envFrom", ()):
                    assert source == {"configMapRef": {"name": name}}, title(workload)
