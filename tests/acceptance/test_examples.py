"""Every numbered example runs against the platform as it is printed, and ends well."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.users import REPOSITORY

EXAMPLES = sorted((REPOSITORY / "examples").glob("[0-9]*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(example: Path, cli_environ: dict[str, str], tmp_path: Path):
    ended = subprocess.run(
        [sys.executable, "-W", "error", str(example)],
        env=cli_environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout
