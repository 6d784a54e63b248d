"""Names files and functions that grew past the house's limits; it measures nothing else and mends nothing."""

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FILE_LINES_MAX: Final = 350
FUNCTION_LINES_MAX: Final = 70

ROOT: Final = Path(__file__).resolve().parent.parent
SUFFIXES: Final = (".py", ".lua", ".sql")
# `_sync` is generated from a source that is measured itself.
SKIPPED_FOLDERS: Final = frozenset({"_sync", "__pycache__", "build", "dist", "node_modules"})

ALLOWED: Final[Mapping[str, str]] = {}
"""Path, or path::function, to the reason why this one may be longer. An entry nobody needs is an error."""


@dataclass(frozen=True, slots=True)
class Excess:
    """Something over its limit: `what` is a path or path::function, the others count lines."""

    what: str
    lines_count: int
    lines_max: int


def sources(root: Path) -> Iterator[Path]:
    """Every measured file below `root`, in order; hidden folders and SKIPPED_FOLDERS are not entered."""
    for entry in sorted(root.iterdir()):
        if entry.is_dir():
            if not entry.name.startswith(".") and entry.name not in SKIPPED_FOLDERS:
                yield from sources(entry)
        elif entry.suffix in SUFFIXES:
            yield entry


def functions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Dotted name and length in lines of every function in `tree`, docstring left out."""

    def walk(node: ast.AST, prefix: str) -> Iterator[tuple[str, int]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"{prefix}{child.name}"
                yield name, _lines_count(child)
                yield from walk(child, f"{name}.")
            elif isinstance(child, ast.ClassDef):
                yield from walk(child, f"{prefix}{child.name}.")
            else:
                yield from walk(child, prefix)

    yield from walk(tree, "")


def _lines_count(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    lines_count = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        lines_count -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines_count


def excesses(root: Path) -> Iterator[Excess]:
    """Everything below `root` that is over a limit, allowed or not."""
    for path in sources(root):
        name = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        lines_count = len(text.splitlines())
        if lines_count > FILE_LINES_MAX:
            yield Excess(name, lines_count, FILE_LINES_MAX)
        if path.suffix == ".py":
            for function, function_lines_count in functions(ast.parse(text, filename=name)):
                if function_lines_count > FUNCTION_LINES_MAX:
                    yield Excess(f"{name}::{function}", function_lines_count, FUNCTION_LINES_MAX)


def complaints(root: Path, allowed: Mapping[str, str]) -> list[str]:
    """One line for each excess without a reason and for each reason without an excess."""
    found = {excess.what: excess for excess in excesses(root)}
    lines = [
        f"{e.what}: {e.lines_count} lines, at most {e.lines_max}; split it by verb"
        for e in found.values()
        if e.what not in allowed
    ]
    lines += [
        f"{what}: no longer needs its entry in ALLOWED" for what in allowed if what not in found
    ]
    return lines


def main() -> int:
    """Print the complaints about this checkout; 0 when there are none, else 1."""
    lines = complaints(ROOT, ALLOWED)
    for line in lines:
        print(line)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
