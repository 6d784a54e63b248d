"""The containers of compose.yaml are the Pods of the local overlay: same image, settings, ports and secrets."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.manifests.rendering import MANIFESTS, of_kind, one, pod_of
from tests.unit.manifests.test_platform import SECRETS
from tiketi_platform.runtime.registry import NAMES
from tiketi_platform.runtime.secret_files import ensure
from tiketi_sdk.contract.services import SERVICES

COMPOSE: dict[str, Any] = yaml.safe_load((MANIFESTS / "compose.yaml").read_text(encoding="utf-8"))
CONTAINERS: dict[str, Any] = COMPOSE["services"]
ENDING = {"secrets", "database"}
STORES = {"postgres", "valkey"}


def test_it_runs_what_the_local_overlay_runs():
    assert set(CONTAINERS) == {*NAMES, *STORES, *ENDING, "sandbox"}
    for name in NAMES:
        assert CONTAINERS[name]["command"] == ["--services", name]
        port = SERVICES[name].port
        assert CONTAINERS[name]["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_images_and_commands_are_the_same():
    for store in STORES:
        [container] = pod_of(one("local", "StatefulSet", store))["containers"]
        assert CONTAINERS[store]["image"] == container["image"]
    [sandbox] = pod_of(one("local", "Deployment", "sandbox"))["containers"]
    assert CONTAINERS["sandbox"]["entrypoint"] == sandbox["command"]
    assert CONTAINERS["sandbox"]["command"] == sandbox["args"]
    [database] = pod_of(one("local", "Job", "database"))["containers"]
    assert CONTAINERS["database"]["command"] == database["args"]


def test_settings_are_the_same_but_for_where_files_are_and_how_long_to_linger():
    [config] = of_kind("local", "ConfigMap")
    usual = {"TIKETI_SECRETS_DIR", "TIKETI_KEYS_DIR", "TIKETI_DRAIN_S", "TIKETI_LINGER_S"}
    wanted = {key: value for key, value in config["data"].items() if key not in usual}
    for name in (*NAMES, "database"):
        assert CONTAINERS[name]["environment"] == wanted


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_containers_are_restricted(name: str):
    container = CONTAINERS[name]
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert "cap_add" not in container
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert container.get("user", "10001") not in {"0", "root", "0:0"}
    writable = [each for each in container["volumes"] if not each.endswith(":ro")]
    assert all(each.startswith(f"{name}:") for each in writable) or name == "secrets"


def test_everybody_waits_for_what_they_need():
    ended, healthy = "service_completed_successfully", "service_healthy"
    for name in NAMES:
        needs = CONTAINERS[name]["depends_on"]
        assert needs == {"database": {"condition": ended}, "valkey": {"condition": healthy}}
    assert CONTAINERS["database"]["depends_on"] == {"postgres": {"condition": healthy}}
    for name in (*STORES, "sandbox"):
        assert CONTAINERS[name]["depends_on"] == {"secrets": {"condition": ended}}


def test_the_secrets_made_for_containers_are_those_of_the_cluster(tmp_path: Path):
    secrets, keys = tmp_path / "secrets", tmp_path / "keys"
    secrets.mkdir()
    keys.mkdir()
    made = ensure(secrets, keys)
    assert sorted(made) == sorted(key for listed in SECRETS.values() for key in listed)
    before = {path: path.read_bytes() for folder in (secrets, keys) for path in folder.iterdir()}
    assert {path.stat().st_mode & 0o777 for path in before} == {0o440}
    assert len(set(before.values())) == len(before)
    assert ensure(secrets, keys) == [], "what is there is never changed"
    assert {path: path.read_bytes() for path in before} == before
    assert all(b"PRIVATE KEY" in before[keys / f"{n}.pem"] for n in ("auth", "queue"))
