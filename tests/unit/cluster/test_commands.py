"""What the cluster's commands say and refuse, without a cluster."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from tiketi_cli.app import main


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))  # where clusters are remembered


@pytest.mark.parametrize(("name", "profile"), [("", "local-cluster"), ("x", "local-cluster-x")])
@pytest.mark.parametrize("as_json", [True, False])
def test_up_names_the_profile_it_logged_in(monkeypatch, capsys, name, profile, as_json):
    # No cluster is made: only what is told of it is looked at.
    monkeypatch.setattr(
        "tiketi_sdk.cluster.bring_up",
        lambda *_: SimpleNamespace(changed=True, elapsed_s=1.0),
    )
    words = ["cluster", "up", *(["--name", name] if name else []), "--image", "here/tiketi:1"]
    assert main([*words, "--json"] if as_json else words) == 0
    said = capsys.readouterr()
    if as_json:
        assert json.loads(said.out.splitlines()[-1])["profile"] == profile
    else:
        assert f"tiketi --profile {profile} events list" in said.err


def test_a_name_that_is_none_is_a_mistake_of_the_command_line(capsys):
    assert main(["cluster", "kubeconfig", "--name", "Bad_Name"]) == 2
    assert "not 'Bad_Name'" in capsys.readouterr().err


def test_logs_are_no_document(capsys):
    assert main(["cluster", "logs", "--json"]) == 2
    assert "no document" in json.loads(capsys.readouterr().err.splitlines()[-1])["message"]
