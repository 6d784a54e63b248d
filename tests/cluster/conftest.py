"""The one real cluster of this machine: made by the first test, taken away by the last; all others find it standing.

These tests need docker, kind and kubectl. Where docker cannot be had they are reported as skipped, never as
passed. They share ports and a cluster's name, so one process runs them: `make test-cluster`. A cluster of that
name that is there already may be somebody's work: it is refused, not removed.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from tests.engines import short_folder
from tests.users import environment

UP_S = 900
"""Guards against hanging, far above what things take."""
PASSED = pytest.StashKey[bool]()
KEPT = ("TIKETI_KIND_IMAGE", "TIKETI_PYTHON_IMAGE")


def pytest_collection_modifyitems(items):
    """The cluster's tests in the order they stand in: each may come first, but then it makes its own cluster."""
    own = [item for item in items if Path(__file__).parent in item.path.parents]
    ordered = iter(
        sorted(own, key=lambda item: (str(item.path), item.function.__code__.co_firstlineno))
    )
    chosen = {id(item) for item in own}
    items[:] = [next(ordered) if id(item) in chosen else item for item in items]


@dataclass
class Lab:
    """Commands of ours against this machine's cluster, in a home of their own."""

    home: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)
    before: dict[str, set[str]] = field(default_factory=dict)
    """What docker had before any test."""
    stands: bool = False
    """Whether the last test left the whole platform as it found it."""
    image: str | None = None
    """What the services run, where it is not what `up` builds: another rollout would only take its time."""

    @property
    def variables(self) -> dict[str, str]:
        """Nothing of the caller's platform, its cluster or its kubectl."""
        kept = {
            name: value for name, value in environment().items() if not name.startswith("TIKETI_")
        }
        kept |= {name: os.environ[name] for name in KEPT if name in os.environ}
        folders = {
            "XDG_DATA_HOME": str(self.home / "data"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
        }
        return {**kept, **folders, "KUBECONFIG": str(self.home / "somebody-elses")}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """`tiketi` with these arguments, running."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tiketi_cli", *arguments],
            env=self.variables,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def run(self, *arguments: str, status: int | None = 0) -> str:
        """Its stdout; it must end with this status."""
        process = self.start(*arguments)
        out, talk = process.communicate(timeout=UP_S)
        assert status is None or process.returncode == status, (arguments, out, talk)
        return out

    def up(self, *arguments: str) -> dict[str, Any]:
        """`cluster up`; its last event."""
        if self.image is not None and "--image" not in arguments:
            arguments = (*arguments, "--image", self.image)
        last: dict[str, Any] = json.loads(
            self.run("cluster", "up", "--json", *arguments).splitlines()[-1]
        )
        return last

    def killed_at(self, step: str, *arguments: str) -> bool:
        """Start `cluster up` and kill it as soon as `step` has begun to do something; whether it came so far."""
        process = self.start("cluster", "up", "--json", *arguments)
        assert process.stdout is not None
        begun = False
        for line in process.stdout:
            event = json.loads(line)
            if event.get("step") != step:
                continue
            # The first line it tells comes from the middle of its work.
            begun = event["state"] in {"applying", "progress"}
            if event["state"] == "progress" or event["state"] in {"done", "kept", "failed"}:
                process.send_signal(signal.SIGKILL)
                break
        process.communicate(timeout=UP_S)
        return begun

    def things(self) -> dict[str, set[str]]:
        """Everything docker has that a cluster could leave behind."""
        images = self.docker("images", "--format", "{{.ID}} {{.Repository}}:{{.Tag}}")
        return {
            "containers": set(self.docker("ps", "-aq", "--no-trunc").split()),
            "networks": set(self.docker("network", "ls", "-q", "--no-trunc").split()),
            "volumes": set(self.docker("volume", "ls", "-q").split()),
            "images": set(images.splitlines()),
        }

    def docker(self, *arguments: str) -> str:
        """What the docker command says."""
        done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True)
        return done.stdout

    @cached_property
    def kubeconfig(self) -> str:
        """Its path; the cluster must be there."""
        return self.run("cluster", "kubeconfig").strip()

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """What kubectl says about our cluster."""
        command = ["kubectl", "--kubeconfig", self.kubeconfig, "--namespace", "tiketi", *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=True)
        return done.stdout


def missing_here() -> str:
    """Why there is no cluster to be had on this machine; empty where there is."""
    for program in ("docker", "kind", "kubectl"):
        if shutil.which(program) is None:
            return f"{program} is not on the PATH"
    done = subprocess.run(["docker", "info"], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else "docker does not answer"


@contextmanager
def lab_home() -> Iterator[Path]:
    """Where the tests' cluster has its claim: given by CI, which takes the cluster down when we are killed."""
    if given := os.environ.get("CLUSTER_TESTS_HOME"):
        Path(given).mkdir(parents=True, exist_ok=True)
        yield Path(given)
    else:
        with short_folder() as home:
            yield home


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """This machine's docker, with no cluster of ours in it at the beginning and at the end."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        pytest.skip("NOT RUN: one cluster, one process: make test-cluster")
    if reason := missing_here():
        pytest.skip(f"NOT RUN: {reason}")
    with lab_home() as home:
        made = Lab(home)
        if made.docker("ps", "-aq", "--filter", "name=^tiketi-local-").split():
            pytest.fail(
                "there is a cluster tiketi-local here; if nobody needs it: tiketi cluster down"
            )
        made.before = made.things()
        yield made
        for process in made.started:
            if process.poll() is None:
                process.kill()
                process.communicate()
        made.run("cluster", "down")


@pytest.fixture
def tell(capsys):
    """Says a figure on the terminal, whatever becomes of the test: no test depends on it."""

    def said(text: str) -> None:
        with capsys.disabled():
            sys.stderr.write(f"\n  {text}\n")

    return said


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Lets a test's fixtures know whether it passed."""
    report = yield
    if call.when == "call":
        item.stash[PASSED] = report.passed
    return report


@pytest.fixture
def cluster(lab: Lab, request) -> Iterator[Lab]:
    """The lab with the whole platform standing in it; brought up only after a test that may have left less."""
    if not lab.stands:
        lab.image = None
        lab.up()
    lab.stands = False
    yield lab
    lab.stands = request.node.stash.get(PASSED, False)


@pytest.fixture
def sale(cluster: Lab, tmp_path: Path) -> Callable[[Sequence[str]], Sale]:
    """Starts a stampede in the cluster with these options of `tiketi demo`."""

    def begin(options: Sequence[str]) -> Sale:
        page = str(tmp_path / "report.html")
        return Sale(cluster.start("demo", "--cluster", "--json", "--html", page, *options))

    return begin


@dataclass
class Sale:
    """A stampede under way."""

    process: subprocess.Popen[str]
    talk: list[str] = field(default_factory=list)

    def wait_for(self, what: str) -> None:
        """Until it says so on stderr."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.talk.append(line)
            if what in line:
                return
        raise AssertionError("".join(self.talk))

    @property
    def is_under_way(self) -> bool:
        return self.process.poll() is None

    def pace(self, lab: Lab, *, admit_per_second: int, capacity: int) -> None:
        """Let people in so fast from now on: how long a sale lasts is the test's to say, not the machine's."""
        admin = ("--profile", "local-cluster", "--json")
        events = json.loads(lab.run(*admin, "events", "list"))["items"]
        newest = str(max(int(each["id"]) for each in events))
        speed = ("--admit-per-second", str(admit_per_second), "--capacity", str(capacity))
        lab.run(*admin, "queue", "policy", newest, *speed)

    def outcome(self) -> dict[str, Any]:
        """Its report, once it is over."""
        out, talk = self.process.communicate(timeout=UP_S)
        self.talk.append(talk)
        assert out, "".join(self.talk)
        report: dict[str, Any] = json.loads(out)
        return report
