"""The data folder keeps its secrets, its owner and its record."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.users import as_ordinary_user, environment
from tiketi_platform.runtime import log_files
from tiketi_platform.runtime.data_folder import DataFolder, default_path
from tiketi_platform.runtime.engines.process import ProcessId
from tiketi_platform.runtime.errors import FolderInUseError, ForeignFolderError, RecordError
from tiketi_platform.runtime.record import PlatformRecord

_HOLD = """
import sys
from pathlib import Path
from tiketi_platform.runtime.data_folder import DataFolder
with DataFolder(Path(sys.argv[1])).lock():
    print("locked", flush=True)
    sys.stdin.read()
"""


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_everything_belongs_to_the_owner_alone(tmp_path: Path):
    folder = DataFolder(tmp_path / "a" / "b")
    for path in (folder.path, *folder.path.iterdir()):
        assert _mode(path) == 0o700
    assert _mode(folder.secret_file("x")) == 0o600
    assert _mode(folder.signing_key("auth")) == 0o600


def test_secrets_and_keys_are_made_once(tmp_path: Path):
    first, second = DataFolder(tmp_path), DataFolder(tmp_path)
    assert len(first.secret("x")) >= 43
    assert first.secret("x") == second.secret("x") != first.secret("y")
    pem = first.signing_key("auth").read_bytes()
    assert pem == second.signing_key("auth").read_bytes()
    assert pem != first.signing_key("queue").read_bytes()
    key = serialization.load_pem_private_key(pem, None)
    assert isinstance(key, Ed25519PrivateKey)
    assert sorted(p.name for p in (tmp_path / "secrets").iterdir()) == ["x", "y"]


def test_one_platform_at_a_time(tmp_path: Path):
    folder = DataFolder(tmp_path)
    argv = [sys.executable, "-c", _HOLD, str(tmp_path)]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        owner = folder.owner()
        assert owner is not None
        assert owner.pid == other.pid
        with pytest.raises(FolderInUseError, match=str(other.pid)), folder.lock():
            pass
        other.kill()
        other.wait()
    assert folder.owner() is None
    with folder.lock():
        assert folder.is_locked
    assert not folder.is_locked


def test_another_users_folder_is_refused(tmp_path: Path):
    if os.geteuid() == 0:
        os.chown(tmp_path, 12345, 12345)
    foreign = tmp_path if os.geteuid() == 0 else Path("/")
    with pytest.raises(ForeignFolderError):
        DataFolder(foreign)


def test_the_default_follows_xdg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    # The variable is the interface.
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_path() == tmp_path / "tiketi"


def test_a_record_survives_the_round_trip(tmp_path: Path):
    folder = DataFolder(tmp_path)
    assert folder.read_record() is None
    record = PlatformRecord(
        parent=ProcessId.this(),
        mode="embedded",
        state="ready",
        started_at_ms=1,
        ports={"auth": 3001},
        processes={"valkey": ProcessId(2, 3.5)},
    )
    folder.write_record(record)
    assert folder.read_record() == record
    assert record.is_running()
    folder.remove_record()
    assert folder.read_record() is None


def test_a_process_with_the_same_number_is_another_process():
    this = ProcessId.this()
    assert not ProcessId(this.pid, this.created_s - 10).is_alive()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"parent": 3}', "null"])
def test_a_broken_record_is_an_error_of_its_own(tmp_path: Path, text: str):
    folder = DataFolder(tmp_path)
    (folder.run / "platform.json").write_text(text)
    with pytest.raises(RecordError):
        folder.read_record()


def test_reset_deletes_all_but_the_lock(tmp_path: Path):
    folder = DataFolder(tmp_path)
    secret = folder.secret("x")
    (folder.valkey / "appendonlydir").mkdir()
    with folder.lock():
        folder.reset()
        assert [p.name for p in folder.path.rglob("*") if p.is_file()] == ["lock"]
    assert folder.secret("x") != secret


def test_logs_are_bounded_without_losing_the_last(tmp_path: Path):
    log = tmp_path / "a.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * 100)
        assert not log_files.bound(log, 100)
        writer.write(b"y")
        log_files.bound_all(tmp_path, 100)
        writer.write(b"after")
    assert log.read_bytes() == b"after"
    assert (tmp_path / "a.log.1").stat().st_size == 101
    assert not log_files.bound(tmp_path / "none.log")


def test_a_program_of_an_ordinary_user_is_not_root():
    argv = as_ordinary_user([sys.executable, "-c", "import os; print(os.geteuid())"])
    assert int(subprocess.check_output(argv)) != 0
