"""The tree keeps the promises that no linter knows of."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

import pytest

from tests.architecture.tree import PACKAGES, ROOT, files, name_of


def test_platform_is_no_package():
    assert not (ROOT / "platform" / "__init__.py").exists()


@pytest.mark.parametrize("folder", [ROOT, ROOT / "platform", ROOT / "tests"], ids=lambda f: f.name)
def test_import_platform_gives_the_standard_library(folder):
    program = "import platform; print(platform.python_version())"
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == sys.version.split()[0]


def test_every_folder_of_modules_is_a_package():
    """Import-linter and the wheel do not see a folder without `__init__.py`."""
    folders = {
        path.parent for package in PACKAGES for path in files(package) if path.suffix == ".py"
    }
    assert [name_of(f) for f in sorted(folders) if not (f / "__init__.py").exists()] == []


def test_loadtests_and_examples_use_the_sdk_only():
    inner = {"tiketi_core", "tiketi_platform", "tiketi_cli"}
    found = []
    for folder in (ROOT / "loadtests", ROOT / "examples"):
        for path in files(folder):
            if path.suffix == ".py":
                found += [f"{name_of(path)}: {name}" for name in _imports(path) if name in inner]
    assert found == []


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def test_decisions_are_numbered_without_gaps():
    numbers = []
    for path in sorted((ROOT / "docs" / "decisions").glob("*.md")):
        match = re.fullmatch(r"(\d{4})-[a-z0-9-]+\.md", path.name)
        assert match, f"{path.name} is not NNNN-title.md"
        numbers.append(int(match[1]))
    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers, "no decision is written down"


def test_architecture_stays_readable():
    assert len((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) <= 200


# Spelled with classes of one character, so that this file does not name what it looks for.
MACHINE = re.compile(r"(?<![\w./~}])/(?:wor[k]|roo[t]|hom[e]/[a-z]+|User[s]/[a-z]+)/\w")
REGISTRY = re.compile(r"pyp[i]\.org|pythonhoste[d]\.org|npmj[s]\.org")


def test_no_machine_and_no_registry_is_named():
    found = []
    for path in files(ROOT):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if MACHINE.search(line) or REGISTRY.search(line):
                found.append(f"{name_of(path)}:{number}: {line.strip()[:100]}")
    assert found == []


def test_constraints_pin_every_file_and_name_no_source():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith(("--", "#", "-e"))] == []
    pins = [line for line in lines if line and not line.startswith(" ")]
    assert [pin for pin in pins if "==" not in pin] == []
    assert all(pin.endswith("\\") for pin in pins), "a pin without a hash"
