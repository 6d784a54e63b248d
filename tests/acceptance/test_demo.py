"""`tiketi demo` sells out, proves it and leaves nothing but its report; the full one is `make demo`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.engines import short_folder
from tests.users import environment
from tiketi_sdk.contract.codes import Exit

GONE_WITHIN_S = 120
"""A guard against hanging, far above what it takes."""


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty home, and an empty folder for temporary files in it."""
    with short_folder() as path:
        (path / "tmp").mkdir()
        yield path


def demo(home: Path, *arguments: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in environment().items() if not name.startswith("TIKETI_")}
    return subprocess.Popen(
        [sys.executable, "-m", "tiketi_cli", "demo", *arguments],
        env={**kept, "HOME": str(home), "TMPDIR": str(home / "tmp"), "XDG_CONFIG_HOME": str(home)},
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def test_a_small_demo_sells_out_and_leaves_its_report(home: Path):
    process = demo(home, "--users", "330", "--seats", "small_theater", "--capacity", "80", "--json")
    out, talk = process.communicate(timeout=400)
    told = json.loads(out)
    assert told["results"]["samples"] == [], talk
    assert (told["sold_count"], told["seats_count"]) == (265, 265)
    assert told["audit"]["passed"], told["audit"]
    assert process.returncode == (Exit.OK if told["trusted"] else Exit.FAILED), talk
    assert "sold 265 / 265 · audit: 13 checks, no finding" in talk
    assert "13 checks, no finding" in (home / "tiketi-demo-report.html").read_text("utf-8")
    assert sorted(each.name for each in home.iterdir()) == ["tiketi-demo-report.html", "tmp"]
    assert list((home / "tmp").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing(home: Path, number: signal.Signals):
    process = demo(home, "--users", "300", "--seats", "small_theater", "--capacity", "5")
    assert process.stderr is not None
    for line in process.stderr:
        if "platform up" in line:
            break
    started = family(process)
    assert started
    process.send_signal(number)
    process.communicate(timeout=GONE_WITHIN_S)
    assert process.returncode == Exit.INTERRUPTED
    assert psutil.wait_procs(started, timeout=GONE_WITHIN_S)[1] == []
    assert list((home / "tmp").iterdir()) == []
    assert not (home / "tiketi-demo-report.html").exists()


def test_a_killed_demo_leaves_no_process(home: Path):
    process = demo(home, "--users", "300", "--seats", "small_theater", "--capacity", "5")
    assert process.stderr is not None
    for line in process.stderr:
        if "platform up" in line:
            break
    started = family(process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=GONE_WITHIN_S)
    assert psutil.wait_procs(started, timeout=GONE_WITHIN_S)[1] == []


def test_a_report_that_cannot_be_written_is_told_first(home: Path):
    process = demo(home, "--html", "no/such/folder/report.html")
    _, talk = process.communicate(timeout=GONE_WITHIN_S)
    assert process.returncode == Exit.USAGE, talk
    assert list((home / "tmp").iterdir()) == []
