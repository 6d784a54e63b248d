"""A cluster comes from nothing, stands still when asked again, goes on after kill -9, and goes without a trace."""

from __future__ import annotations

import json
import sys
import time

import pytest

from tiketi_sdk.contract.codes import Exit

STEPS = {
    "preflight", "cluster", "registry", "build", "wiring", "push", "stores",
    "secrets", "foundation", "database", "services", "smoke",
}  # fmt: skip
UP_WITHIN_S = 240
"""Asked of a quiet machine; told when it was longer, since this one may be busy."""


def things(lab):
    """Everything docker has that a cluster could leave behind."""
    return {
        "containers": set(lab.docker("ps", "-aq", "--no-trunc").split()),
        "networks": set(lab.docker("network", "ls", "-q", "--no-trunc").split()),
        "volumes": set(lab.docker("volume", "ls", "-q").split()),
        "images": set(
            lab.docker("images", "--format", "{{.ID}} {{.Repository}}:{{.Tag}}").splitlines()
        ),
    }


@pytest.fixture
def tell(capsys):
    """Says a figure on the terminal, whatever becomes of the test: no test depends on it."""

    def said(text):
        with capsys.disabled():
            sys.stderr.write(f"\n  {text}\n")

    return said


def test_it_comes_from_nothing_stands_and_goes_without_a_trace(lab, tell):
    lab.run("cluster", "down")
    before = things(lab)
    assert lab.run("cluster", "status", "--json", status=Exit.UNAVAILABLE)

    began_s = time.monotonic()
    first = lab.up()
    took_s = time.monotonic() - began_s
    assert set(first["changed"]) == STEPS - {"preflight"}
    tell(f"up from nothing: {took_s:.1f} s" + (" (asked: 240)" if took_s > UP_WITHIN_S else ""))

    began_s = time.monotonic()
    again = lab.up()
    tell(f"up again: {time.monotonic() - began_s:.1f} s")
    assert again["changed"] == []

    status = json.loads(lab.run("cluster", "status", "--json"))
    assert status["state"] == "ready"
    assert [node["ready"] for node in status["nodes"]] == [True] * 3
    assert {service["state"] for service in status["services"]} == {"ready"}
    assert {service["endpoints_count"] >= 1 for service in status["services"]} == {True}
    findings = json.loads(lab.run("cluster", "doctor", "--json"))["items"]
    assert [each for each in findings if each["severity"] == "error"] == []

    me = json.loads(lab.run("--profile", "local-cluster", "--json", "auth", "me"))
    assert me["role"] == "admin"
    assert not (lab.home / "somebody-elses").exists()

    lab.run("cluster", "down")
    assert things(lab) == before
    assert "local-cluster" not in lab.run("config", "profiles", "list")
    assert lab.run("cluster", "kubeconfig", status=Exit.UNAVAILABLE) == ""


def test_it_goes_on_after_kill_9_in_the_middle_of_each_step(lab):
    lab.run("cluster", "down")
    steps = ["cluster", "registry", "build", "push", "stores", "wiring", "secrets"]
    steps += ["foundation", "database", "services", "smoke"]
    came_so_far = [step for step in steps if lab.killed_at(step)]
    # A step beside others may have ended before its turn came; these cannot have.
    assert {"cluster", "foundation", "database", "services"} <= set(came_so_far)
    lab.up()
    assert json.loads(lab.run("cluster", "status", "--json"))["state"] == "ready"
    assert lab.up()["changed"] == []
