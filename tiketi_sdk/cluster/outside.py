"""Keeps the outside world's stand-in as it is while the platform is rolled out: Toss does not restart with our releases.

The sandbox is one Pod with one set of books; replaced beside the services it would refuse payments meanwhile. It
keeps the image it runs until its own code changes. Decides only; it applies nothing.
"""

import hashlib
import json
from typing import Final

from tiketi_sdk.cluster.kube import Kube
from tiketi_sdk.cluster.rendering import Stage, with_image
from tiketi_sdk.cluster.sources import Sources

SANDBOX: Final = "sandbox"
CODE: Final = "platform/tiketi_platform/sandbox"
RECORD: Final = "dev.tiketi/sandbox"
"""Annotation of the namespace: image and code of the sandbox that was rolled out, in JSON."""


def code_of(sources: Sources) -> str | None:
    """Changes with the sandbox's code; None where there is no checkout to tell by."""
    if sources.root is None:
        return None
    digest = hashlib.sha256()
    folder = sources.root / CODE
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def settled(stage: Stage, kube: Kube, code: str | None) -> Stage:
    """The stage with the sandbox's image as it runs, where that is of the same code."""
    record = json.loads(kube.annotations().get(RECORD, "{}"))
    if not record or (code is not None and record["code"] not in {code, None}):
        return stage
    return with_image(stage, SANDBOX, str(record["image"]))


def note(stage: Stage, kube: Kube, code: str | None) -> None:
    """Write down what was rolled out."""
    image = stage.image_of(SANDBOX)
    if image is not None:
        kube.annotate(RECORD, json.dumps({"image": image, "code": code}))
