"""Turns itself into an engine or service: bound to its parent's life, without root where asked.

Executed as a file (`python -I -S trampoline.py PARENT_PID SIGNAL IDENTITY PROGRAM ARGUMENT…`), so
nothing runs between fork and exec in a process that may have threads. Uses the standard library
only and never returns: the last step is exec. Refuses to run when the parent is gone already.

PARENT_PID  the process that asked; if it is no longer the parent, exit 71.
SIGNAL      number sent by the kernel when the parent dies (Linux; elsewhere ignored), 0 for none.
IDENTITY    `self`: as is. `namespace`: an ordinary user inside a user namespace, files stay ours.
            `UID:GID`: give up root for this user. If it cannot be had, exit 70.
PROGRAM     path of the binary; `-` only tries the identity and exits 0.
"""

from __future__ import annotations

import ctypes
import os
import sys

EXIT_NO_IDENTITY = 70
EXIT_NO_PARENT = 71
EXIT_NO_PROGRAM = 72

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_INSIDE_ID = 1000


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _enter_namespace() -> None:
    uid, gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    # The kernel lets an unprivileged map of groups through only once setgroups is denied.
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{_INSIDE_ID} {uid} 1")
    _write("/proc/self/gid_map", f"{_INSIDE_ID} {gid} 1")


def _become(identity: str) -> None:
    if identity == "self":
        return
    if identity == "namespace":
        _enter_namespace()
        return
    uid, gid = (int(part) for part in identity.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _die_with_parent(parent: int, number: int) -> None:
    if number and sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
    # Asked after the request to the kernel: a parent that died before it sends no signal.
    if parent and os.getppid() != parent:
        os._exit(EXIT_NO_PARENT)


def main(arguments: list[str]) -> None:
    """Become what the arguments say; see the head of this file."""
    parent, number, identity, program, *rest = arguments
    try:
        _become(identity)
    except OSError as error:
        sys.stderr.write(f"cannot become {identity}: {error}\n")
        sys.exit(EXIT_NO_IDENTITY)
    # Whatever it writes is its owner's alone.
    os.umask(0o077)
    # After the change of identity, because that change clears the request.
    _die_with_parent(int(parent), int(number))
    if program == "-":
        sys.exit(0)
    try:
        os.execv(program, [program, *rest])  # noqa: S606 - becoming another program is the purpose
    except OSError as error:
        sys.stderr.write(f"cannot execute {program}: {error}\n")
        sys.exit(EXIT_NO_PROGRAM)


if __name__ == "__main__":
    main(sys.argv[1:])
