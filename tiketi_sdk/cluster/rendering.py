"""Rendered manifests as objects, split into the stages they are applied in. Reads no files and calls nobody."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

Object = Mapping[str, Any]
"""One manifest."""

_SERVICES: Final = frozenset(
    {"Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget", "DaemonSet"}
)
_DATABASE: Final = frozenset({"Job"})
_VOLUMES: Final = frozenset({"PersistentVolume"})
_DIGEST_LENGTH: Final = 16


@dataclass(frozen=True, slots=True)
class Stage:
    """Objects that are applied together."""

    name: str
    objects: tuple[Object, ...]

    @property
    def digest(self) -> str:
        """Changes with any of its objects."""
        return hashlib.sha256(self.document.encode()).hexdigest()[:_DIGEST_LENGTH]

    @property
    def document(self) -> str:
        """All of it as one JSON list, as kubectl takes it."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(self.objects)}
        return json.dumps(listed, sort_keys=True)

    @property
    def references(self) -> frozenset[str]:
        """Its objects as kubectl names them, `deployment.apps/queue`."""
        return frozenset(map(_reference, self.objects))

    def image_of(self, deployment: str) -> str | None:
        """What a Deployment of it runs; None where there is none."""
        for each in self.objects:
            if each["kind"] == "Deployment" and each["metadata"]["name"] == deployment:
                return str(each["spec"]["template"]["spec"]["containers"][0]["image"])
        return None

    def names(self, kind: str) -> list[str]:
        """Names of its objects of a kind."""
        return [str(each["metadata"]["name"]) for each in self.objects if each["kind"] == kind]


@dataclass(frozen=True, slots=True)
class Manifests:
    """A whole overlay."""

    volumes: Stage
    """What data is kept in, there before anybody claims it."""
    foundation: Stage
    """Everything that must be there before a service starts: configuration, stores, addresses."""
    database: Stage
    """Jobs that prepare the database."""
    services: Stage
    """Deployments and what watches over them."""

    @property
    def references(self) -> frozenset[str]:
        """Of all stages."""
        return frozenset().union(*(stage.references for stage in self.stages))

    @property
    def stages(self) -> tuple[Stage, ...]:
        """In the order they are applied in."""
        return (self.volumes, self.foundation, self.database, self.services)

    def images(self) -> list[str]:
        """Every image named anywhere in them, each once."""
        found: set[str] = set()
        for stage in self.stages:
            for each in stage.objects:
                _collect_images(each, found)
        return sorted(found)


def with_image(stage: Stage, deployment: str, image: str) -> Stage:
    """The stage with another image wherever this Deployment names its own."""
    found = stage.image_of(deployment)

    def changed(each: Object) -> Object:
        if each["kind"] != "Deployment" or each["metadata"]["name"] != deployment:
            return each
        text = json.dumps(each).replace(json.dumps(found), json.dumps(image))
        return dict(json.loads(text))

    return Stage(stage.name, tuple(map(changed, stage.objects)))


def parse(text: str) -> Manifests:
    """Split what `kubectl kustomize` wrote."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    objects = [each for each in yaml.load_all(text, Loader=loader) if each]  # a safe one
    others = _VOLUMES | _DATABASE | _SERVICES
    return Manifests(
        volumes=_stage("volumes", objects, lambda kind: kind in _VOLUMES),
        foundation=_stage("foundation", objects, lambda kind: kind not in others),
        database=_stage("database", objects, lambda kind: kind in _DATABASE),
        services=_stage("services", objects, lambda kind: kind in _SERVICES),
    )


def _reference(each: Object) -> str:
    group, slash, _version = str(each["apiVersion"]).rpartition("/")
    return f"{each['kind'].lower()}{f'.{group}' if slash else ''}/{each['metadata']['name']}"


def _stage(name: str, objects: Sequence[Object], belongs: Any) -> Stage:
    return Stage(name, tuple(each for each in objects if belongs(each["kind"])))


def _collect_images(part: object, found: set[str]) -> None:
    if isinstance(part, Mapping):
        for key in ("containers", "initContainers"):
            for container in part.get(key) or ():
                if isinstance(container, Mapping) and isinstance(container.get("image"), str):
                    found.add(container["image"])
        for value in part.values():
            _collect_images(value, found)
    elif isinstance(part, list):
        for value in part:
            _collect_images(value, found)
