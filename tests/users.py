"""Runs programs of the tests as an ordinary user, whoever runs the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def program(script: Path, *arguments: str) -> list[str]:
    """Command line of a test's own program, with this interpreter."""
    return [sys.executable, "-B", str(script), *arguments]


def environment() -> dict[str, str]:
    """Ours, with the repository on the import path."""
    ours = [str(REPOSITORY), str(REPOSITORY / "platform")]
    path = os.pathsep.join([*ours, *filter(None, [os.environ.get("PYTHONPATH")])])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COV_CORE")}
    return {**kept, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def as_ordinary_user(argv: list[str]) -> list[str]:
    """`argv` as nobody when we are root, unchanged otherwise."""
    if os.geteuid() != 0:
        return argv
    tool = shutil.which("setpriv")
    assert tool is not None, "setpriv (util-linux) is needed to test as an ordinary user"
    entry = pwd.getpwnam("nobody")
    return [
        *(tool, f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"),
        # Root's interpreter may lie in a folder nobody may enter; reading is all this allows.
        *("--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search"),
        *("--bounding-set=-all,+dac_read_search", "--no-new-privs"),
        *argv,
    ]


def give_to_ordinary_user(folder: Path) -> None:
    """Let the user of `as_ordinary_user` own an empty folder."""
    if os.geteuid() == 0:
        entry = pwd.getpwnam("nobody")
        os.chown(folder, entry.pw_uid, entry.pw_gid)
