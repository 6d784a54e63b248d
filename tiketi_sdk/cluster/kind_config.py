"""The configuration kind is given: `manifests/kind/cluster.yaml`, with as many workers as asked for. Starts nothing."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tiketi_sdk.cluster.settings import ClusterSettings


def read_config(path: Path) -> dict[str, Any]:
    """A kind configuration."""
    config = yaml.safe_load(path.read_text("utf-8"))
    assert isinstance(config, dict), "a kind configuration is a mapping"
    return config


def host_ports(config: Mapping[str, Any]) -> list[int]:
    """The ports of this machine that a kind configuration maps."""
    return [
        int(mapping["hostPort"])
        for node in config.get("nodes") or ()
        for mapping in node.get("extraPortMappings") or ()
    ]


def config_of(path: Path, settings: ClusterSettings) -> dict[str, Any]:
    """The same with `settings.workers_count` workers."""
    config = read_config(path)
    workers = [node for node in config["nodes"] if node["role"] == "worker"]
    others = [node for node in config["nodes"] if node["role"] != "worker"]
    # A new object each: one that is named twice would be written as an anchor.
    more = [{"role": "worker"} for _ in range(settings.workers_count - len(workers))]
    config["nodes"] = [*others, *workers[: settings.workers_count], *more]
    if settings.workers_count == 0:
        # What a worker would keep, the control plane keeps.
        labels = {key: value for node in workers for key, value in node.get("labels", {}).items()}
        others[0]["labels"] = {**labels, **others[0].get("labels", {})}
    return config


def shape_of(config: Mapping[str, Any], settings: ClusterSettings) -> str:
    """Changes with everything a cluster cannot change while it lives."""
    text = json.dumps([config, settings.node_image], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
