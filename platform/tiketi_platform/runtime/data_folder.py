"""The folder on this machine that holds everything an embedded platform must not lose.

Layout: `postgres/ valkey/ sandbox/ images/ keys/ secrets/ logs/ run/`, all readable by the owner only. Secrets and
keys are made once and kept. Refuses a folder of another user, and a second platform on the same
folder (`lock`).
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import platformdirs
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tiketi_platform.runtime.engines.process import ProcessId
from tiketi_platform.runtime.errors import FolderInUseError, ForeignFolderError
from tiketi_platform.runtime.record import RECORD_NAME, PlatformRecord

ADMIN_EMAIL: Final = "admin@tiketi.test"
"""The administrator of an embedded platform; the password is the secret `admin-password`."""
_PARTS: Final = ("postgres", "valkey", "sandbox", "images", "keys", "secrets", "logs", "run")
_SECRET_BYTES: Final = 32
_LOCK_NAME: Final = "lock"
_LOCK_WAIT_S: Final = 0.2
"""Whoever only asks for the owner holds the lock for a moment, too."""
_LOCK_POLL_S: Final = 0.01


def default_path() -> Path:
    """`$XDG_DATA_HOME/tiketi`, or what stands for it on this system; not created here."""
    return platformdirs.user_data_path("tiketi")


class DataFolder:
    """One platform's data. Opening creates what is missing; nothing is ever overwritten."""

    def __init__(self, path: Path) -> None:
        """Open or create the folder at `path`; raises `ForeignFolderError` if it is not ours."""
        self.path = Path(os.path.realpath(path.expanduser()))
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.path.stat().st_uid != os.geteuid():
            raise ForeignFolderError(
                f"{self.path} belongs to another user; run as that user or pass --data DIR",
            )
        self.path.chmod(0o700)
        for part in _PARTS:
            (self.path / part).mkdir(mode=0o700, exist_ok=True)
        self._lock: int | None = None

    @classmethod
    def existing(cls, path: Path) -> DataFolder | None:
        """The folder at `path` if there is one; creates none."""
        return cls(path) if path.expanduser().is_dir() else None

    @property
    def postgres(self) -> Path:
        """PostgreSQL's part; the cluster itself is `postgres/data`."""
        return self.path / "postgres"

    @property
    def valkey(self) -> Path:
        """Valkey's working folder, with its append-only files."""
        return self.path / "valkey"

    @property
    def run(self) -> Path:
        """What only a running platform needs: sockets, the lock, the record."""
        return self.path / "run"

    @property
    def logs(self) -> Path:
        """One log per process."""
        return self.path / "logs"

    def log(self, name: str) -> Path:
        """The log of the process `name`; it may not exist yet."""
        return self.logs / f"{name}.log"

    def secret(self, name: str) -> str:
        """The secret `name`: 43 URL-safe characters, made at the first call and kept (0600)."""
        return self.secret_file(name).read_text(encoding="ascii")

    def secret_file(self, name: str) -> Path:
        """The file that holds the secret `name`, made at the first call."""
        path = self.path / "secrets" / name
        if not path.exists():
            _create(path, secrets.token_urlsafe(_SECRET_BYTES).encode())
        return path

    def signing_key(self, name: str) -> Path:
        """PEM file (PKCS 8, 0600) with the Ed25519 private key of `name`, made once and kept."""
        path = self.path / "keys" / f"{name}.pem"
        if not path.exists():
            pem = Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            _create(path, pem)
        return path

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Own the folder until the end of the block or of this process, whichever is first.

        Raises `FolderInUseError` while another process owns it. Engines start under the lock only: it
        is what makes an engine found in the folder a leftover that may be stopped.
        """
        descriptor = self._open_lock()
        try:
            if not _try_lock(descriptor, _LOCK_WAIT_S):
                owner = _read_owner(descriptor)
                raise FolderInUseError(
                    f"a platform (pid {owner.pid if owner else 'unknown'}) already works on {self.path};"
                    " `tiketi down` stops it, `--data DIR` starts another beside it",
                )
            os.ftruncate(descriptor, 0)
            this = ProcessId.this()
            os.pwrite(descriptor, f"{this.pid} {this.created_s}".encode(), 0)
            self._lock = descriptor
            yield
        finally:
            self._lock = None
            os.close(descriptor)

    @property
    def is_locked(self) -> bool:
        """Whether this object owns the folder."""
        return self._lock is not None

    def owner(self) -> ProcessId | None:
        """The process that owns the folder now, or None; asked of the lock, not of the record."""
        descriptor = self._open_lock()
        try:
            if _try_lock(descriptor, 0, fcntl.LOCK_SH):
                return None
            owner = _read_owner(descriptor)
            return owner if owner is not None and owner.is_alive() else None
        finally:
            os.close(descriptor)

    def _open_lock(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        return os.open(self.run / _LOCK_NAME, flags, 0o600)

    def write_record(self, record: PlatformRecord) -> None:
        """Replace `run/platform.json` at once, so that a reader never sees half of it."""
        target = self.run / RECORD_NAME
        fresh = target.with_suffix(".new")
        _write(fresh, json.dumps(record.to_json(), indent=1).encode())
        fresh.replace(target)

    def read_record(self) -> PlatformRecord | None:
        """What the last platform wrote, whether it still runs or not; None if there is none."""
        try:
            text = (self.run / RECORD_NAME).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        return PlatformRecord.from_json(text)

    def remove_record(self) -> None:
        """Forget the last platform, after it has stopped."""
        (self.run / RECORD_NAME).unlink(missing_ok=True)

    def reset(self) -> None:
        """Delete all data, keys and secrets but not the folder; the caller owns the lock."""
        assert self.is_locked, "reset deletes data: lock the folder first"
        cluster = self.postgres / "data"
        if cluster.is_symlink():
            # A cluster that runs as another user has a home of its own; see engines/identity.
            shutil.rmtree(cluster.readlink().parent, ignore_errors=True)
        for part in _PARTS:
            for entry in (self.path / part).iterdir():
                if entry.name == _LOCK_NAME:
                    continue
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry)
                else:
                    entry.unlink()


def _try_lock(descriptor: int, wait_s: float, kind: int = fcntl.LOCK_EX) -> bool:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_LOCK_POLL_S)
        else:
            return True


def _read_owner(descriptor: int) -> ProcessId | None:
    pid, _, created_s = os.pread(descriptor, 64, 0).decode(errors="replace").partition(" ")
    try:
        return ProcessId(int(pid), float(created_s))
    except ValueError:
        # Just taken, not signed yet.
        return None


def _create(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and never over one that another process made first."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    _write(fresh, content)
    try:
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        fresh.unlink()


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
