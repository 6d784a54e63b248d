"""Names the services' image by what is in it, so that the same sources are built and pushed once. Builds nothing."""

import hashlib
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from docker.utils.build import exclude_paths

from tiketi_sdk.cluster.settings import ClusterSettings
from tiketi_sdk.cluster.sources import Sources
from tiketi_sdk.errors import ClusterError

REPOSITORY: Final = "tiketi"
"""The image's name in the manifests, and in the registry."""
DOCKERFILE: Final = "platform/Dockerfile"
_TAG_LENGTH: Final = 12
_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class ImageName:
    """`name:tag`, where the name may hold a registry's address with a port."""

    name: str
    tag: str

    @classmethod
    def parse(cls, reference: str) -> "ImageName":
        """Split a reference; no tag is `latest`. A digest is refused."""
        if "@" in reference:
            raise ClusterError(
                f"{reference} is named by digest", cure="give it by tag: --image NAME:TAG"
            )
        name, colon, tag = reference.rpartition(":")
        if not colon or "/" in tag:
            return cls(reference, "latest")
        return cls(name, tag)

    def __str__(self) -> str:
        return f"{self.name}:{self.tag}"


def in_registry(address: str, repository: str, tag: str) -> ImageName:
    """An image of the local registry."""
    return ImageName(f"{address}/{repository}", tag)


def content_tag(root: Path, settings: ClusterSettings) -> str:
    """12 hexadecimal digits over everything a build sees: its files with their modes, its base, its revision.

    The revision changes the last layer only: a commit costs a second, and /health/live never names another.
    """
    digest = hashlib.sha256(f"{settings.python_image or ''}\n{revision(root)}\n".encode())
    for relative in sorted(context_files(root)):
        path = root / relative
        executable = "x" if path.stat().st_mode & 0o111 else "-"
        digest.update(f"{relative}\0{executable}\0".encode())
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
        digest.update(b"\0")
    return digest.hexdigest()[:_TAG_LENGTH]


def context_files(root: Path) -> list[str]:
    """Relative paths of the files that docker sends to a build, as `.dockerignore` says."""
    ignore = root / ".dockerignore"
    patterns = ignore.read_text("utf-8").splitlines() if ignore.is_file() else [".git", ".venv"]
    patterns = [line for line in map(str.strip, patterns) if line and not line.startswith("#")]
    found = exclude_paths(str(root), patterns, dockerfile=DOCKERFILE)
    return [each for each in found if (root / each).is_file() and not each.endswith(".pyc")]


def build_arguments(sources: Sources, settings: ClusterSettings) -> dict[str, str]:
    """VERSION and REVISION, and PYTHON_IMAGE where one is chosen."""
    root = sources.checkout()
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    arguments = {"VERSION": str(project["version"]), "REVISION": revision(root)}
    if settings.python_image:
        arguments["PYTHON_IMAGE"] = settings.python_image
    return arguments


def revision(root: Path) -> str:
    """The checkout's commit, with `-dirty` where files differ from it; `unknown` outside of git."""
    # The developer's own git, wherever it is.
    git = shutil.which("git")
    if git is None:
        return "unknown"
    try:
        done = subprocess.run(
            [
                git,
                "-C",
                str(root),
                "describe",
                "--always",
                "--dirty",
                "--abbrev=12",
                "--exclude=*",
            ],  # the developer's own git
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return done.stdout.strip() if done.returncode == 0 else "unknown"
