"""Runs docker, kind and kubectl: never through a shell, never longer than told, and not beyond our own death."""

import os
import shutil
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Final

from tiketi_sdk.cluster.stopping import Stop
from tiketi_sdk.errors import ClusterError

TIMEOUT_S: Final = 60.0
_TAIL_LINES: Final = 15
STREAM_S: Final = 1_800.0
"""Builds and clusters may have to fetch a lot."""
INSTALL: Final = {
    "docker": "install Docker: https://docs.docker.com/engine/install/",
    "kind": "install kind: https://kind.sigs.k8s.io/docs/user/quick-start/#installation",
    "kubectl": "install kubectl: https://kubernetes.io/docs/tasks/tools/",
}


class ProgramError(ClusterError):
    """A program ended badly or not in time; `details` holds the end of what it said."""


def find(program: str) -> str:
    """Its full path; `ClusterError` with how to get it."""
    path = shutil.which(program)
    if path is None:
        raise ClusterError(f"{program} is not on the PATH", cure=INSTALL.get(program, ""))
    return path


def run(
    argv: Sequence[str],
    *,
    stdin: str | bytes | None = None,
    timeout_s: float = TIMEOUT_S,
    env: Mapping[str, str] | None = None,
) -> str:
    """What the program wrote on stdout; `ProgramError` unless it ended with 0 in time."""
    try:
        done = subprocess.run(
            _command(argv),
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            timeout=timeout_s,
            check=False,
            env=_environment(env),
        )
    except subprocess.TimeoutExpired:
        raise ProgramError(f"{_name(argv)} did not end within {timeout_s:.0f} s") from None
    if done.returncode:
        told = (done.stderr or done.stdout).decode(errors="replace").splitlines()
        raise ProgramError(f"{_name(argv)} failed ({done.returncode})", details=told[-_TAIL_LINES:])
    return done.stdout.decode(errors="replace")


def stream(
    argv: Sequence[str],
    tell: Callable[[str], None],
    *,
    timeout_s: float = STREAM_S,
    stop: Stop | None = None,
    env: Mapping[str, str] | None = None,
) -> None:
    """Run it and `tell` each line it writes as it comes; `ProgramError` unless it ended with 0 in time.

    It is killed when `stop` is set.
    """
    tail: deque[str] = deque(maxlen=_TAIL_LINES)
    late = threading.Event()
    stop = stop or Stop()
    with subprocess.Popen(
        _command(argv),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=_environment(env),
    ) as process:
        assert process.stdout is not None, "it was asked for"

        def end() -> None:
            late.set()
            process.kill()

        clock = threading.Timer(timeout_s, end)
        clock.start()
        try:
            with stop.calling(process.kill):
                for line in process.stdout:
                    if text := line.strip():
                        tail.append(text)
                        tell(text)
                process.wait()
        finally:
            clock.cancel()
    if late.is_set():
        told = f"{_name(argv)} did not end within {timeout_s:.0f} s"
        raise ProgramError(told, details=tuple(tail))
    stop.pause(0)
    if process.returncode:
        raise ProgramError(f"{_name(argv)} failed ({process.returncode})", details=tuple(tail))


def _command(argv: Sequence[str]) -> list[str]:
    """The command line; on Linux of a program that does not go on when we are killed."""
    command = [find(argv[0]), *argv[1:]]
    guard = _guard()
    return [guard, "--pdeathsig", "KILL", *command] if guard else command


@cache
def _guard() -> str | None:
    return shutil.which("setpriv") if sys.platform == "linux" else None


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    # The caller's own cluster is nobody's business here: each call names its kubeconfig.
    base = {key: value for key, value in os.environ.items() if key != "KUBECONFIG"}
    return {**base, **(more or {})}


def _name(argv: Sequence[str]) -> str:
    """As much of the command as tells which it was."""
    words = [argv[0]]
    for word in argv[1:4]:
        if word.startswith("-") or "/" in word:
            break
        words.append(word)
    return "`" + " ".join(words) + "`"
