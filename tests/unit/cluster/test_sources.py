"""Manifests are found, rendered objects fall into their stages, and images are named by what is in them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tiketi_platform.sandbox.ports import GOOGLE_PORT, MAILBOX_PORT
from tiketi_sdk.cluster import ClusterSettings, Site
from tiketi_sdk.cluster.image import ImageName, build_arguments, content_tag, context_files
from tiketi_sdk.cluster.kind_config import config_of, read_config
from tiketi_sdk.cluster.rendering import parse
from tiketi_sdk.cluster.sources import Sources, find_sources
from tiketi_sdk.cluster.steps.images import mirrored
from tiketi_sdk.contract.services import SERVICES
from tiketi_sdk.errors import ClusterError

SETTINGS = ClusterSettings(node_image=None, python_image=None)


def manifest(kind, name, image=None):
    spec = {"template": {"spec": {"containers": [{"name": name, "image": image}]}}} if image else {}
    return {"kind": kind, "metadata": {"name": name}, "spec": spec}


RENDERED = yaml.safe_dump_all(
    [
        manifest("Namespace", "tiketi"),
        manifest("Deployment", "queue", "tiketi:1"),
        manifest("Job", "database", "tiketi:1"),
        manifest("StatefulSet", "postgres", "postgres:18"),
        manifest("PodDisruptionBudget", "queue"),
    ]
)


def test_objects_are_applied_in_three_stages():
    found = parse(RENDERED)
    assert [each["kind"] for each in found.foundation.objects] == ["Namespace", "StatefulSet"]
    assert found.database.names("Job") == ["database"]
    assert found.services.names("Deployment") == ["queue"]
    assert found.images() == ["postgres:18", "tiketi:1"]


def test_a_stage_is_known_by_what_is_in_it():
    one, same = parse(RENDERED), parse(RENDERED)
    other = parse(RENDERED.replace("tiketi:1", "tiketi:2"))
    assert one.services.digest == same.services.digest != other.services.digest
    assert one.foundation.digest == other.foundation.digest


def test_the_checkout_is_found_and_an_unknown_overlay_is_refused():
    sources = find_sources()
    assert sources.kind_config.is_file()
    with pytest.raises(ClusterError, match="nowhere") as refused:
        sources.overlay("nowhere")
    assert "--overlay" in refused.value.cure
    with pytest.raises(ClusterError):
        sources.overlay("../overlays/local")


def test_without_a_checkout_nothing_is_built():
    installed = Sources(manifests=Path("packaged"), root=None)
    with pytest.raises(ClusterError) as refused:
        installed.checkout()
    assert "--image" in refused.value.cure


def test_every_service_has_a_port_on_this_machine():
    mappings = read_config(find_sources().kind_config)["nodes"][0]["extraPortMappings"]
    ports = [*(each.port for each in SERVICES.values()), MAILBOX_PORT, GOOGLE_PORT]
    assert [each["hostPort"] for each in mappings] == ports
    assert [each["containerPort"] for each in mappings] == list(range(30_000, 30_008))
    assert {each["listenAddress"] for each in mappings} == {"127.0.0.1"}


@pytest.mark.parametrize("workers_count", [0, 1, 2, 5])
def test_there_are_as_many_workers_as_asked_for(workers_count):
    with Site(ClusterSettings(workers_count=workers_count)) as site:
        nodes = config_of(site.sources.kind_config, site.settings)["nodes"]
    assert [node["role"] for node in nodes] == ["control-plane"] + ["worker"] * workers_count
    if workers_count:
        assert nodes[1]["labels"] == {"tiketi.dev/stores": "true"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "platform").mkdir()
    (tmp_path / "platform" / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "platform" / "code.py").write_text("1\n")
    (tmp_path / "notes.txt").write_text("not sent\n")
    (tmp_path / ".dockerignore").write_text("# only this\n*\n!platform\n**/*.pyc\n")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    return tmp_path


def test_an_image_is_named_by_what_a_build_sees(checkout: Path):
    before = content_tag(checkout, SETTINGS)
    (checkout / "notes.txt").write_text("another\n")
    (checkout / "platform" / "code.pyc").write_text("made by Python\n")
    assert content_tag(checkout, SETTINGS) == before
    (checkout / "platform" / "code.py").chmod(0o755)
    executable = content_tag(checkout, SETTINGS)
    (checkout / "platform" / "code.py").write_text("2\n")
    changed = content_tag(checkout, SETTINGS)
    other_base = content_tag(checkout, ClusterSettings(python_image="other"))
    assert len({before, executable, changed, other_base}) == 4
    sent = {"platform/Dockerfile", "platform/code.py", ".dockerignore"}
    assert set(context_files(checkout)) == sent


def test_a_build_is_told_version_and_revision(checkout: Path):
    sources = Sources(manifests=checkout, root=checkout)
    assert build_arguments(sources, SETTINGS)["VERSION"] == "1.2.3"
    assert build_arguments(sources, ClusterSettings(python_image="p"))["PYTHON_IMAGE"] == "p"


@pytest.mark.parametrize(
    ("reference", "name", "tag"),
    [
        ("tiketi", "tiketi", "latest"),
        ("localhost:5000/tiketi", "localhost:5000/tiketi", "latest"),
        ("localhost:5000/tiketi:abc", "localhost:5000/tiketi", "abc"),
    ],
)
def test_references_are_split(reference, name, tag):
    assert ImageName.parse(reference) == ImageName(name, tag)


def test_a_digest_is_refused():
    with pytest.raises(ClusterError, match="digest"):
        ImageName.parse("tiketi@sha256:0")


@pytest.mark.parametrize(
    ("reference", "there"),
    [
        ("postgres:18", "localhost:5000/library/postgres:18"),
        ("valkey/valkey:9", "localhost:5000/valkey/valkey:9"),
        ("docker.io/library/postgres:18", "localhost:5000/library/postgres:18"),
        ("quay.example/some/thing:1", None),
    ],
)
def test_images_of_docker_io_are_mirrored(reference, there):
    found = mirrored("localhost:5000", reference)
    assert (None if found is None else str(found)) == there


@pytest.mark.parametrize("count", [-1, 9])
def test_settings_are_bounded(count):
    with pytest.raises(ValueError, match="workers_count"):
        ClusterSettings(workers_count=count)
