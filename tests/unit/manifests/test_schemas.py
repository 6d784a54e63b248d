"""Every manifest is one that Kubernetes knows, field by field: the newest release and what the lab runs."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest

from tests.unit.manifests.rendering import OVERLAYS, render, title

OLDEST = json.loads(Path(__file__).with_name("kubernetes-1.20.json").read_text(encoding="utf-8"))
TOO_NEW_FOR_THE_OLDEST = {
    "autoscaling/v2/HorizontalPodAutoscaler",
    "policy/v1/PodDisruptionBudget",
}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_newest_release_knows_every_field(overlay: str):
    newest = kubernetes_validate.latest_version()
    for manifest in render(overlay):
        kubernetes_validate.validate(manifest, newest, strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubernetes_1_20_knows_every_field_of_the_kinds_it_has(overlay: str):
    unknown = set()
    for manifest in render(overlay):
        kind = f"{manifest['apiVersion']}/{manifest['kind']}"
        if kind in OLDEST["kinds"]:
            schema: dict[str, Any] = {"$ref": OLDEST["kinds"][kind], "$defs": OLDEST["$defs"]}
            jsonschema.Draft202012Validator(schema).validate(manifest)
        else:
            unknown.add(kind)
    assert unknown == (TOO_NEW_FOR_THE_OLDEST if overlay == "production" else set())


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_field_that_no_release_knows_is_refused(overlay: str):
    manifest = json.loads(json.dumps(render(overlay)[0]))
    manifest["spec"] = {**manifest.get("spec", {}), "surprise": True}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_nothing_is_there_twice_and_everything_lives_in_the_namespace(overlay: str):
    titles = [title(manifest) for manifest in render(overlay)]
    assert len(titles) == len(set(titles))
    for manifest in render(overlay):
        if manifest["kind"] == "Namespace":
            assert manifest["metadata"]["name"] == "tiketi"
        elif manifest["kind"] == "PersistentVolume":
            # It belongs to the cluster, and to one claim of ours.
            assert "namespace" not in manifest["metadata"]
            assert manifest["metadata"]["name"].startswith("tiketi-")
            assert manifest["spec"]["claimRef"]["namespace"] == "tiketi"
        else:
            assert manifest["metadata"]["namespace"] == "tiketi", title(manifest)
