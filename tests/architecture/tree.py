"""The checkout as the architecture tests read it: its root, its product code, its text files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PACKAGES = (
    ROOT / "tiketi_sdk",
    ROOT / "tiketi_cli",
    ROOT / "platform" / "tiketi_core",
    ROOT / "platform" / "tiketi_platform",
)

NOT_OURS = frozenset(
    {".git", ".venv", "__pycache__", "build", "dist", "htmlcov", ".hypothesis"}
    | {f".{tool}_cache" for tool in ("mypy", "pytest", "ruff", "import_linter")}
)


def files(folder: Path) -> Iterator[Path]:
    """Every file below `folder` that belongs to the project, in order."""
    for entry in sorted(folder.iterdir()):
        if entry.name in NOT_OURS:
            continue  # `.git` may be a file
        if entry.is_dir():
            yield from files(entry)
        else:
            yield entry


def product_files(suffix: str) -> list[Path]:
    """The files of the four packages with that suffix."""
    return [path for package in PACKAGES for path in files(package) if path.suffix == suffix]


def name_of(path: Path) -> str:
    """The path as people write it: from the root, with slashes."""
    return path.relative_to(ROOT).as_posix()


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """Line and value of every string in a Python file that is a value, not documentation."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=name_of(path))
    documentation = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in documentation
        ):
            yield node.lineno, node.value
